"""The reader is held to what the generator knows about each row, and to a row count that never shrinks."""

from __future__ import annotations

import csv
import io
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.client import sample, staff
from registry.client.sample import StaffFile, Truth
from registry.errors import Invalid

ONE = "11010519491231002X"
OTHER = "44030519900101123X"


def rows_of(tmp_path: Path, content: bytes | str, **options: object) -> list[staff.Row]:
    path = tmp_path / "staff.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(staff.read(path, **options))  # type: ignore[arg-type]


def refusal_of(tmp_path: Path, content: bytes | str, **options: object) -> Invalid:
    with pytest.raises(Invalid) as refused:
        rows_of(tmp_path, content, **options)
    return refused.value


def as_truth(row: staff.Row) -> tuple[int, str | None, str | None, int | None]:
    number = row.document.number if row.document else None
    return row.number, number, row.problem.code if row.problem else None, row.duplicate_of


def told(truth: Truth) -> tuple[int, str | None, str | None, int | None]:
    return truth.row, truth.number, truth.code, truth.duplicate_of


def checked(file: StaffFile, tmp_path: Path) -> None:
    assert [as_truth(row) for row in rows_of(tmp_path, file.content)] == [told(truth) for truth in file.truth]
    assert {truth.kind for truth in file.truth} >= set(sample.MALFORMED)


@pytest.mark.parametrize("encoding", sample.ENCODINGS)
@pytest.mark.parametrize("newline", sample.NEWLINES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_row_of_a_generated_file_is_classified_exactly(
    tmp_path: Path, encoding: str, newline: str, delimiter: str
) -> None:
    file = sample.staff_file(400, seed=5, malformed=0.3, encoding=encoding, newline=newline, delimiter=delimiter)
    checked(file, tmp_path)


@pytest.mark.parametrize("header", sample.HEADERS)
@pytest.mark.parametrize("seed", range(5))
def test_the_column_is_found_under_either_header_and_under_none(tmp_path: Path, header: str, seed: int) -> None:
    checked(sample.staff_file(200, seed=seed, malformed=0.5, header=header), tmp_path)


def test_every_kind_but_empty_rows_of_ten_thousand_is_kept_apart(tmp_path: Path) -> None:
    checked(sample.staff_file(10_000, seed=1), tmp_path)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("110105491231002", ONE),
        ("11010519491231002x", ONE),
        ("１１０１０５１９４９１２３１００２Ｘ", ONE),
        ("110105 19491231 002X", ONE),
        ("\t11010519491231002X\u3000", ONE),
        ("\ufeff11010519491231002X", ONE),
    ],
)
def test_these_spellings_are_the_same_number(tmp_path: Path, cell: str, number: str) -> None:
    (row,) = rows_of(tmp_path, f"姓名,身份证号\n某,{cell}\n")
    assert row.document is not None
    assert row.document.number == number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.1010519491231E+17", "number-spreadsheet"),
        ("110105194912310000", "number-spreadsheet"),
        ("1101051949123100X", "number-length"),
        ("110105194912310021", "number-check-digit"),
        ("110105194902310021", "number-date"),
        ("11O10519491231002X", "number-characters"),
        ("'11010519491231002X", "number-characters"),
        ("无", "number-characters"),
        ("", "number-empty"),
        ("9" * 300, "number-length"),
    ],
)
def test_these_cells_are_rejected_with_their_reason_and_without_their_text(
    tmp_path: Path, cell: str, code: str
) -> None:
    (row,) = rows_of(tmp_path, f"姓名,身份证号\n某,{cell}\n")
    assert row.problem is not None
    assert row.problem.code == code
    assert row.problem.sentence.endswith(".")
    assert not cell or cell not in repr(row)


def test_a_row_number_is_the_one_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    text = f'\n姓名,地址,身份证号\n甲,"一楼\n二楼",{ONE}\n,,\n丙\n丁,,{OTHER}\n\n'
    rows = rows_of(tmp_path, text)
    assert [(row.number, row.problem.code if row.problem else "") for row in rows] == [
        (1, "row-empty"),
        (3, ""),
        (4, "row-empty"),
        (5, "number-empty"),
        (6, ""),
        (7, "row-empty"),
    ]


def test_a_person_in_another_spelling_is_a_duplicate_of_the_first_row(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"ID number\n{ONE}\n{OTHER}\n110105491231002\n{ONE.lower()}\n")
    assert [row.duplicate_of for row in rows] == [None, None, 2, 2]
    assert all(row.document for row in rows)


def test_a_number_stands_in_no_repr(tmp_path: Path) -> None:
    assert not any(ONE[:10] in repr(row) for row in rows_of(tmp_path, f"{ONE}\n{ONE}\n{ONE}1\n"))


@pytest.mark.parametrize(
    "title",
    [
        "身份证号",
        "身份证号码（18位）",
        "公民身份号码",
        "*证件号码",
        "身分證字號 ",
        "ID No.",
        "id_number",
        "Identity Card Number",
    ],
)
def test_the_usual_titles_are_recognised(tmp_path: Path, title: str) -> None:
    if title == "身分證字號 ":  # Taiwan's own number, which is another document
        assert len(rows_of(tmp_path, f"a,{title}\n1,{ONE}\n")) == 2
    else:
        assert [row.number for row in rows_of(tmp_path, f"a,{title}\n1,nobody\n")] == [2]


def test_without_a_known_title_the_first_row_is_not_lost(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"员工名册\n谁;哪个\n甲;{ONE}\n")
    assert [row.number for row in rows if row.problem] == [1, 2]
    assert rows[2].document is not None


@pytest.mark.parametrize("column", ["其他", "2", " 其 他 "])
def test_the_column_can_be_named_or_counted(tmp_path: Path, column: str) -> None:
    rows = rows_of(tmp_path, f"身份证号,其他\n{ONE},{OTHER}\n", column=column)
    assert [row.document.number for row in rows if row.document] == [OTHER]


def test_a_counted_column_under_a_known_title_has_that_title_as_its_header(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"证件号,身份证号\n{ONE},{OTHER}\n", column="1")
    assert [row.number for row in rows] == [2]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (f"甲,{ONE}\n", {"column": "身份证"}, "column-missing"),
        (f"甲,{ONE}\n", {"column": "3"}, "column-missing"),
        (f"甲,{ONE}\n", {"column": "0"}, "column-missing"),
        (f"身份证号,证件号码\n{ONE},{OTHER}\n", {}, "column-ambiguous"),
        (f"甲,{ONE},{OTHER}\n", {}, "column-ambiguous"),
        (f"甲;{ONE};{OTHER}\n", {}, "column-ambiguous"),
        (f"x,x\n{ONE},{OTHER}\n", {"column": "x"}, "column-ambiguous"),
        ("甲,1.1E+17\n乙,1.1E+17\n", {}, "column-missing"),
        ('"a,b",c\n', {}, "column-missing"),
    ],
)
def test_an_unclear_column_is_refused(tmp_path: Path, text: str, options: dict[str, object], code: str) -> None:
    refused = refusal_of(tmp_path, text, **options)
    assert (refused.field, refused.code) == ("column", code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\n\r\n\n", "file-empty"),
        (b"\xef\xbb\xbf", "file-empty"),
        (b"\xff\xff\xff\xff", "file-encoding"),
        (b"\xef\xbb\xbf\xff\xff", "file-encoding"),
        (b"\xff\xfea", "file-encoding"),
        (b"PK\x03\x04 and so on", "file-format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "file-format"),
    ],
)
def test_what_is_not_a_text_file_with_rows_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    refused = refusal_of(tmp_path, content)
    assert (refused.field, refused.code) == ("file", code)


@pytest.mark.parametrize(
    "text",
    [
        f'n,身份证号,m\n1,"{ONE},a\n2,{OTHER},"b"\n3,{OTHER},c\n',  # closes before another character
        f'n,身份证号,m\n1,{ONE},"a\n2,{OTHER},b\n',  # never closes
        f'n,身份证号,m\n1,{ONE},"a\n2",{OTHER},b\n',  # swallows a line break only
        f'n,身份证号,m\n"1,{ONE},a\n2",{OTHER},b\n',  # swallows a whole row
        f'身份证号\n"{ONE}\n{OTHER}"\n',  # two people in one cell
        f'身份证号\n"{"a" * 140_000}"\n',  # longer than any cell
    ],
)
def test_a_quotation_mark_that_may_hide_rows_is_refused_rather_than_obeyed(tmp_path: Path, text: str) -> None:
    refused = refusal_of(tmp_path, text)
    assert refused.code == "file-quotes"
    assert refused.message.startswith("Row 2 ")
    assert ONE not in refused.message


def test_a_missing_file_and_a_folder_are_refused_without_their_names(tmp_path: Path) -> None:
    for path in (tmp_path / ONE, tmp_path):
        with pytest.raises(Invalid) as refused:
            staff.read(path)
        assert (refused.value.field, refused.value.code) == ("file", "file-unreadable")
        assert ONE not in refused.value.message


def test_other_documents_have_their_own_column_and_their_own_rules(tmp_path: Path) -> None:
    text = f"身份证号,护照号\n{ONE},E12345678\n{ONE},E1\n"
    rows = rows_of(tmp_path, text, type="PASSPORT:CHN")
    assert rows[0].document is not None
    assert rows[0].document.number == "E12345678"
    assert rows[1].problem is not None
    assert rows[1].problem.code == "number-length"
    assert refusal_of(tmp_path, text, type="PASSPORT:ZZZ").field == "type"


def test_nobody_is_born_tomorrow(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"身份证号\n{OTHER}\n", today=date(1989, 12, 31))
    assert [row.problem.code for row in rows if row.problem] == ["number-date"]


def read_or_refused(content: bytes) -> list[staff.Row] | Invalid:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "staff.csv")
        path.write_bytes(content)
        try:
            return list(staff.read(path))
        except Invalid as refused:
            return refused


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER_CELL = st.one_of(CELL, st.sampled_from([ONE, OTHER, "110105491231002", "1.1010519491231E+17", " "]))


@given(
    st.lists(st.tuples(CELL, NUMBER_CELL, CELL), max_size=12),
    st.sampled_from(sample.ENCODINGS),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "\t"]),
)
def test_no_row_that_a_spreadsheet_wrote_is_lost(
    cells: list[tuple[str, str, str]], encoding: str, newline: str, delimiter: str
) -> None:
    stream = io.StringIO()
    bare_return = any("\r" in cell for row in cells for cell in row)  # which csv.writer leaves without quotes
    quoting: Literal[0, 1] = csv.QUOTE_ALL if bare_return else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("姓名", "身份证号", "岗位"), *cells])
    read = read_or_refused(stream.getvalue().encode(encoding))
    if isinstance(read, Invalid):
        assert read.code == "file-quotes"  # as a whole, and said so
        assert any(set("\n\r") & set(cell) for row in cells for cell in row)
    else:
        assert [row.number for row in read] == list(range(2, len(cells) + 2))
        assert all((row.document is None) != (row.problem is None) for row in read)


@given(st.binary(max_size=200), st.sampled_from(["", "身份证号\n", f"甲,{ONE}\n", f'"甲"\t"{ONE}"\r\n']))
def test_any_bytes_are_read_row_by_row_or_refused(content: bytes, start: str) -> None:
    read = read_or_refused(start.encode() + content)
    if isinstance(read, Invalid):
        assert read.field in ("file", "column")
    else:
        first = 2 if start == "身份证号\n" else 1
        assert [row.number for row in read] == list(range(first, first + len(read)))


@given(st.lists(st.sampled_from(['"', ",", "\n", "\r\n", "a", ONE, OTHER, "\x00", ";"]), max_size=30))
def test_stray_marks_never_hide_a_line_with_a_number_without_a_word(parts: list[str]) -> None:
    text = "".join(parts)
    read = read_or_refused(("n,身份证号\n" + text).encode())
    if not isinstance(read, Invalid):
        lines = text.replace("\r\n", "\n").split("\n")
        assert len(read) >= sum(ONE in line or OTHER in line for line in lines)


def seconds_to_read(path: Path) -> float:
    started = time.process_time()
    assert sum(1 for _ in staff.read(path)) == 100_000
    return time.process_time() - started


def test_a_hundred_thousand_rows_take_less_than_three_seconds(tmp_path: Path) -> None:
    content = sample.staff_file(2_000, seed=3, malformed=0.01, header="none").content
    path = tmp_path / "staff.csv"
    path.write_bytes(content * 50)
    assert any(seconds_to_read(path) < 3 for _ in range(3))


def test_the_first_row_is_there_before_the_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "staff.csv"
    path.write_text(f"{ONE}\n" * 1_000 + '"')
    rows = staff.read(path)
    assert [next(rows).number for _ in range(900)][-1] == 900
    with pytest.raises(Invalid, match=r"^Row 1001 "):
        list(rows)
