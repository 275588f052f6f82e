"""A file of checks that is killed at any byte and resumed: nobody is asked twice, no row is lost."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.client import progress_file, sample, staff
from registry.client.progress_file import Batch, Progress, Source
from registry.client.results_file import Result, Status
from registry.errors import Conflict, Invalid

NOW = datetime(2026, 11, 23, 8, 30, 0, 250_000, tzinfo=UTC)
SOURCE = Source(size=400, modified=1_700_000_000_000_000_000, rows=9)
TERMS = {"purpose": "hiring", "registry": "zilu.example"}
NOTED = [
    Result(4, Status.REJECTED, reason="The number must have 18 characters."),
    Result(7, Status.DUPLICATE, reason="The same person as in row 2."),
]
ASKED = [2, 3, 5, 6, 8, 9, 10]


class Killed(BaseException):
    """The process ends here; nothing after it happens."""


class Registry:
    """Answers batches as the real one does: the same key with the same body is a replay, counted once."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[tuple[int, ...], list[Result]]] = {}
        self.requests = 0
        self.killed_at: int | None = None

    def check(self, batch: Batch) -> list[Result]:
        self.requests += 1
        fresh = [
            Result(row, Status.HIT if row == 5 else Status.CHECKED, f"c{len(self.answers)}-{row}") for row in batch.rows
        ]
        rows, answers = self.answers.setdefault(batch.key, (batch.rows, fresh))
        assert rows == batch.rows, "a replay with another body"
        if self.requests == self.killed_at:
            raise Killed
        return answers

    def asked(self) -> Counter[int]:
        return Counter(row for rows, _ in self.answers.values() for row in rows)


def run(results: Path, registry: Registry, *, size: int = 2) -> None:
    """What `zilu check --file` does."""
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        progress.note(NOTED)
        for batch in progress.unanswered:
            progress.answer(batch, registry.check(batch))
        rows = progress.unasked(ASKED)
        for start in range(0, len(rows), size):
            batch = progress.ask(rows[start : start + size], now=NOW)
            progress.answer(batch, registry.check(batch))
        progress.finish()


def lines_of(results: Path) -> list[tuple[int, str]]:
    with results.open(encoding="utf-8", newline="") as stream:
        return [(int(line["row"]), line["status"]) for line in csv.DictReader(stream)]


EXPECTED = [(row, {4: "rejected", 5: "hit", 7: "duplicate"}.get(row, "checked")) for row in range(2, 11)]


def complete(results: Path, registry: Registry) -> None:
    assert lines_of(results) == EXPECTED
    assert registry.asked() == Counter(ASKED)
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        assert progress.done
        progress.finish()


@contextmanager
def killed_in_write(monkeypatch: pytest.MonkeyPatch, *, call: int, after: int) -> Iterator[list[int]]:
    """The `call`-th write to disk stops after so many bytes, and the process with it. Yields the sizes."""
    sizes: list[int] = []
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        sizes.append(len(data))
        if len(sizes) - 1 == call:
            if after:
                real(descriptor, data[:after])
            raise Killed
        return real(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        patched.setattr(os, "fsync", lambda descriptor: None)  # a killed process needs none, and it is slow
        yield sizes


def test_an_undisturbed_run_gives_every_row_once_and_in_order(tmp_path: Path) -> None:
    results, registry = tmp_path / "r.csv", Registry()
    run(results, registry)
    complete(results, registry)
    assert registry.requests == 4
    run(results, registry)  # again: nothing is left to do
    assert registry.requests == 4


def test_a_kill_at_any_byte_of_any_write_neither_repeats_nor_loses_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_in_write(monkeypatch, call=-1, after=0) as sizes:
        run(tmp_path / "r.csv", Registry())
    points = [(call, after) for call, size in enumerate(sizes) for after in range(size + 1)]
    assert len(points) > 1_000
    for call, after in points:
        results, registry = tmp_path / f"{call}-{after}.csv", Registry()
        with killed_in_write(monkeypatch, call=call, after=after), pytest.raises(Killed):
            run(results, registry)
        with killed_in_write(monkeypatch, call=-1, after=0):
            run(results, registry)
            complete(results, registry)


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_kill_before_the_answer_arrives_sends_the_same_batch_under_the_same_key(tmp_path: Path, call: int) -> None:
    results, registry = tmp_path / "r.csv", Registry()
    registry.killed_at = call
    with pytest.raises(Killed):
        run(results, registry)
    run(results, registry, size=3)  # another batch size does not touch the batches that are under way
    complete(results, registry)


def test_two_kills_in_a_row_do_no_more_harm_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in range(14):
        results, registry = tmp_path / f"{call}.csv", Registry()
        for after in (7, 11, 3):
            with killed_in_write(monkeypatch, call=call, after=after), suppress(Killed):
                run(results, registry)
        run(results, registry)
        complete(results, registry)


def test_the_key_is_on_disk_before_anything_is_sent(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        batch = progress.ask([2, 3], now=NOW)
        on_disk = [json.loads(line) for line in records_of(results)]
    assert on_disk[-1] == {"asked": 0, "at": "2026-11-23T08:30:00.250000Z", "key": batch.key, "rows": [2, 3]}
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        assert progress.unanswered == (batch,)
        assert progress.unasked([2, 3, 4]) == [4]


def records_of(results: Path) -> list[str]:
    return Path(f"{results}{progress_file.SUFFIX}").read_text(encoding="ascii").splitlines()


def test_results_are_synced_before_the_record_that_counts_them_and_that_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "r.csv"
    events: list[tuple[str, int]] = []
    real_write, real_sync = os.write, os.fsync

    def write(descriptor: int, data: bytes) -> int:
        events.append(("write", os.fstat(descriptor).st_ino))
        return real_write(descriptor, data)

    def sync(descriptor: int) -> None:
        events.append(("sync", os.fstat(descriptor).st_ino))
        real_sync(descriptor)

    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        monkeypatch.setattr(os, "write", write)
        monkeypatch.setattr(os, "fsync", sync)
        batch = progress.ask([2], now=NOW)
        progress.answer(batch, [Result(2, Status.CHECKED, "c")])
    record, line = (Path(f"{results}{suffix}").stat().st_ino for suffix in (progress_file.SUFFIX, ""))
    ask = [("write", record), ("sync", record)]
    assert events == [*ask, ("write", line), ("sync", line), ("write", record), ("sync", record)]


def test_neither_file_leads_back_to_a_number(tmp_path: Path) -> None:
    path, results = tmp_path / "staff.csv", tmp_path / "r.csv"
    path.write_bytes(sample.staff_file(50, seed=1, malformed=0.5).content)
    rows = list(staff.read(path))
    source = Source.of(path, rows=len(rows))
    with Progress.open(results, source=source, terms=TERMS) as progress:
        progress.note(
            [Result(row.number, Status.REJECTED, reason=row.problem.sentence) for row in rows if row.problem]
            + [Result(row.number, Status.DUPLICATE) for row in rows if row.duplicate_of]
        )
        batch = progress.ask(progress.unasked(row.number for row in rows), now=NOW)
        progress.answer(batch, [Result(row, Status.CHECKED, f"check-{row}") for row in batch.rows])
        progress.finish()
    keys: set[str] = set()
    for line in records_of(results):
        keys |= set(json.loads(line))
    assert keys == {"format", "input", "length", "terms", "noted", "asked", "at", "key", "rows", "answered", "done"}
    header = json.loads(records_of(results)[0])
    assert set(header["input"]) == {"size", "modified", "rows"}  # and no hash of what stands in the file
    assert not re.search(r"\d{15}", results.read_text())
    assert re.findall(r"\d{15,}", "".join(records_of(results))) == [str(path.stat().st_mtime_ns)]


def test_both_files_are_for_their_owner_only(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    run(results, Registry())
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "r.csv": 0o600,
        "r.csv.zilu-progress": 0o600,
    }


@pytest.mark.parametrize(
    ("source", "terms", "word"),
    [
        (Source(401, SOURCE.modified, 9), TERMS, "staff file"),
        (Source(400, SOURCE.modified + 1, 9), TERMS, "staff file"),
        (Source(400, SOURCE.modified, 8), TERMS, "staff file"),
        (SOURCE, {**TERMS, "purpose": "audit"}, "purpose"),
        (SOURCE, {"purpose": "hiring"}, "purpose"),
    ],
)
def test_a_journal_of_another_file_or_purpose_is_refused(
    tmp_path: Path, source: Source, terms: dict[str, str], word: str
) -> None:
    results = tmp_path / "r.csv"
    Progress.open(results, source=SOURCE, terms=TERMS).close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(Conflict, match=word) as refused:
        Progress.open(results, source=source, terms=terms)
    assert refused.value.field == "results"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_source_changes_when_its_file_does(tmp_path: Path) -> None:
    path = tmp_path / "staff.csv"
    path.write_text("a")
    os.utime(path, ns=(1, 1))
    first = Source.of(path, rows=1)
    os.utime(path, ns=(1, 2))
    assert Source.of(path, rows=1) != first
    path.unlink()
    with pytest.raises(Invalid):
        Source.of(path, rows=1)


def test_a_results_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    results.write_text("row,status,check_id,reason\n2,checked,c,\n")
    with pytest.raises(Conflict, match="exists"):
        Progress.open(results, source=SOURCE, terms=TERMS)
    assert results.read_text().endswith("2,checked,c,\n")
    assert list(tmp_path.iterdir()) == [results]


@pytest.mark.parametrize(
    "alter",
    [
        lambda content: content[:-1],
        lambda content: content.replace(b"\n2,", b"\n3,"),
        lambda content: content.replace(b"row,", b"ROW,"),
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: None,
    ],
)
def test_results_that_were_shortened_altered_or_removed_are_noticed_and_left_alone(
    tmp_path: Path, alter: Callable[[bytes], bytes | None]
) -> None:
    results, registry = tmp_path / "r.csv", Registry()
    registry.killed_at = 3
    with pytest.raises(Killed):
        run(results, registry)
    altered = alter(results.read_bytes())
    results.unlink()
    if altered is not None:
        results.write_bytes(altered)
    with pytest.raises(Conflict, match="altered"):
        run(results, registry)
    assert results.exists() == (altered is not None)
    if altered is not None:
        assert results.read_bytes().startswith(altered[:20])


def test_results_that_are_too_short_are_not_filled_up(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        progress.note(NOTED)
    short = results.read_bytes()[:-1]
    results.write_bytes(short)
    with pytest.raises(Conflict, match="altered"):
        Progress.open(results, source=SOURCE, terms=TERMS)
    assert results.read_bytes() == short


@pytest.mark.parametrize("end", ['{"answered":0,"length":', "\0\0\0\n", "[]\n", "5\n", "{}", "\r", "\xff\n"])
def test_whatever_a_kill_left_at_the_end_of_the_journal_never_happened(tmp_path: Path, end: str) -> None:
    results, registry = tmp_path / "r.csv", Registry()
    registry.killed_at = 2
    with pytest.raises(Killed):
        run(results, registry)
    with Path(f"{results}{progress_file.SUFFIX}").open("a", encoding="latin-1") as stream:
        stream.write(end)
    run(results, registry)
    complete(results, registry)


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    with (
        Progress.open(results, source=SOURCE, terms=TERMS),
        pytest.raises(Conflict, match="Another run"),
    ):
        Progress.open(results, source=SOURCE, terms=TERMS)
    Progress.open(results, source=SOURCE, terms=TERMS).close()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    Progress.open(results, source=SOURCE, terms=TERMS).close()
    hold = "import sys; from pathlib import Path; from registry.client.journal import Journal as J; "
    hold += "j = J.open(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, f"{results}{progress_file.SUFFIX}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Conflict):
            Progress.open(results, source=SOURCE, terms=TERMS)
        other.kill()
    Progress.open(results, source=SOURCE, terms=TERMS).close()


def first(content: str) -> str:
    return content.replace('"format":1', '"format":', 1)


@pytest.mark.parametrize(
    "damage",
    [
        first,
        lambda content: content.replace('"answered":0', '"answered":5'),
        lambda content: content.replace('"asked":0', '"asked":[]'),
        lambda content: content.replace('"done":true', '"gone":true'),
        lambda content: content.replace("\n", "\n[]\n", 1),
    ],
)
def test_a_damaged_journal_is_refused_rather_than_guessed_at(tmp_path: Path, damage: Callable[[str], str]) -> None:
    results = tmp_path / "r.csv"
    run(results, Registry())
    path = Path(f"{results}{progress_file.SUFFIX}")
    path.write_text(damage(path.read_text()))
    with pytest.raises(Conflict):
        Progress.open(results, source=SOURCE, terms=TERMS)


def test_a_row_is_asked_about_or_noted_once_whoever_asks(tmp_path: Path) -> None:
    with Progress.open(tmp_path / "r.csv", source=SOURCE, terms=TERMS) as progress:
        progress.note(NOTED)
        progress.note(NOTED)
        batch = progress.ask([2, 3], now=NOW)
        for rows in ([2], [4], [5, 5], [], [6, 3]):
            with pytest.raises(Conflict):
                progress.ask(rows, now=NOW)
        for note in ([Result(2, Status.REJECTED)], [Result(8, Status.REJECTED)] * 2):
            with pytest.raises(Conflict):
                progress.note(note)
        answers = [Result(2, Status.CHECKED), Result(3, Status.HIT)]
        wrong = [answers[:1], [*answers, answers[0]], [answers[0], Result(3, Status.REJECTED)], [answers[0]] * 2, []]
        for results in wrong:
            with pytest.raises(Invalid):
                progress.answer(batch, results)
        progress.answer(batch, answers)
        with pytest.raises(Conflict):
            progress.answer(batch, answers)
        with pytest.raises(Conflict, match="no result yet"):
            progress.finish()
    assert lines_of(tmp_path / "r.csv") == [(4, "rejected"), (7, "duplicate"), (2, "checked"), (3, "hit")]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1", "\r=1", " =1", "'=1", "\n=cmd|' /C calc'!A0"],
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    results = tmp_path / "r.csv"
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        batch = progress.ask([2], now=NOW)
        progress.answer(batch, [Result(2, Status.HIT, text, text)])
    with results.open(encoding="utf-8", newline="") as stream:
        line = next(csv.DictReader(stream))
    assert line["check_id"].startswith("'")
    assert line["reason"].startswith("'")
    assert results.read_bytes().count(b"\n") == 2


def test_a_number_in_a_reason_is_not_written_down(tmp_path: Path) -> None:
    results = tmp_path / "r.csv"
    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        progress.note([Result(2, Status.REJECTED, reason="bad: 11010519491231002x, 110105491231002")])
    assert results.read_text().endswith('2,rejected,,"bad: [number], [number]"\n')


def test_a_folder_that_is_not_there_or_a_full_disk_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid, match="cannot be written"):
        Progress.open(tmp_path / "none" / "r.csv", source=SOURCE, terms=TERMS)
    results = tmp_path / "r.csv"

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Progress.open(results, source=SOURCE, terms=TERMS) as progress:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(Invalid, match="No space left"):
                progress.ask([2], now=NOW)
        with pytest.raises(Invalid):  # it is closed: nothing may follow a torn line
            progress.ask([2], now=NOW)
    registry = Registry()
    run(results, registry)
    complete(results, registry)
