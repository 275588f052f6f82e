"""The generator: the same seed gives the same file, and every kind is what its name says."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from registry.client import sample
from registry.client.sample import Kind
from registry.errors import Invalid

SCRIPT = Path(__file__).parents[3] / "scripts" / "generate_staff.py"
ONE = "11010519491231002X"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    assert sample.staff_file(300, seed=1) == sample.staff_file(300, seed=1)
    assert sample.staff_file(300, seed=1).content != sample.staff_file(300, seed=2).content


def test_the_share_of_malformed_rows_is_as_asked_and_every_kind_takes_part() -> None:
    kinds = Counter(truth.kind for truth in sample.staff_file(10_000, seed=1, malformed=0.01).truth)
    assert kinds.pop(Kind.PLAIN) == 9_900
    assert set(kinds) == set(sample.MALFORMED)
    assert set(kinds.values()) <= {7, 8}


def test_nobody_stands_twice_in_a_file_without_malformed_rows() -> None:
    truth = sample.staff_file(5_000, seed=4, malformed=0).truth
    assert len({row.number for row in truth}) == 5_000


def test_planted_numbers_stand_where_they_were_planted() -> None:
    file = sample.staff_file(50, seed=1, malformed=1.0, planted={2: ONE.lower(), 51: "44030519900101123X"})
    lines = list(csv.reader(file.content.decode().splitlines()))
    assert lines[1][2] == ONE
    assert lines[50][2] == "44030519900101123X"
    assert file.truth[0] == sample.Truth(2, Kind.PLANTED, ONE)


def test_a_number_planted_twice_is_a_duplicate() -> None:
    file = sample.staff_file(9, seed=1, malformed=0, planted={3: ONE, 8: ONE})
    assert [row.duplicate_of for row in file.truth if row.number == ONE] == [None, 3]


@pytest.mark.parametrize("planted", [{1: ONE}, {12: ONE}, {2: ONE + "1"}])
def test_a_planted_number_that_cannot_stand_there_is_refused(planted: dict[int, str]) -> None:
    with pytest.raises(Invalid):
        sample.staff_file(10, seed=1, planted=planted)


def test_people_are_of_working_age_and_can_end_as_wanted() -> None:
    numbers = [sample.number(Random(1), suffix="X") for _ in range(3)]
    numbers += [sample.number(Random(seed)) for seed in range(200)]
    assert all(1966 <= int(number[6:10]) <= 2007 for number in numbers)
    assert all(number.endswith("X") for number in numbers[:3])


def test_a_number_stands_in_no_repr() -> None:
    file = sample.staff_file(3, seed=1)
    assert not any(row.number and row.number in repr(file) for row in file.truth)


def test_the_command_writes_the_file_and_the_truth(tmp_path: Path) -> None:
    out, truth = tmp_path / "staff.csv", tmp_path / "truth.csv"
    done = run("--rows", "120", "--seed", "7", "--malformed", "0.5", "--plant", f"5={ONE}", "--encoding",
               "gb18030", "--newline", "crlf", "--out", str(out), "--truth", str(truth))  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = sample.staff_file(120, seed=7, malformed=0.5, planted={5: ONE}, encoding="gb18030", newline="crlf")
    assert out.read_bytes() == expected.content
    with truth.open(encoding="utf-8", newline="") as stream:
        told = list(csv.DictReader(stream))
    assert [(int(row["row"]), row["kind"], row["code"]) for row in told] == [
        (row.row, row.kind, row.code or "") for row in expected.truth
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rows", "-3"),
        ("--malformed", "2"),
        ("--malformed", "half"),
        ("--plant", ONE),
        ("--plant", f"5={ONE}1"),
        ("--plant", f"1={ONE}"),
    ],
)
def test_the_command_refuses_nonsense_in_one_line_without_repeating_it(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    out = tmp_path / "staff.csv"
    done = run(*arguments, "--out", str(out))
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert ONE not in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_the_command_says_when_it_cannot_write(tmp_path: Path) -> None:
    done = run("--rows", "1", "--out", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
