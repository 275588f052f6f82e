"""The page reads a staff file as the command line does: the same rows, the same reasons, from CSV and from XLSX."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from registry.client import sample, staff
from registry.client.sample import StaffFile
from registry.errors import Invalid

Node = Callable[..., Any]
ONE = "11010519491231002X"
OTHER = "44030519900101123X"


def read(node: Node, content: bytes | str, **options: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return node("read", bytes=base64.b64encode(data).decode(), **options)


def rows_of(answer: Any) -> list[tuple[int, str | None, str | None, int | None]]:
    return [
        (row["number"], row.get("document", {}).get("number"), row.get("code"), row.get("duplicateOf"))
        for row in answer["value"]["rows"]
    ]


def truth_of(file: StaffFile) -> list[tuple[int, str | None, str | None, int | None]]:
    return [(truth.row, truth.number, truth.code, truth.duplicate_of) for truth in file.truth]


@pytest.mark.parametrize("encoding", sample.ENCODINGS)
@pytest.mark.parametrize("newline", sample.NEWLINES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_row_of_a_generated_file_is_classified_exactly(
    node: Node, encoding: str, newline: str, delimiter: str
) -> None:
    file = sample.staff_file(200, seed=5, malformed=0.3, encoding=encoding, newline=newline, delimiter=delimiter)
    assert rows_of(read(node, file.content)) == truth_of(file)


@pytest.mark.parametrize("header", sample.HEADERS)
def test_the_column_is_found_under_either_header_and_under_none(node: Node, header: str) -> None:
    file = sample.staff_file(200, seed=3, malformed=0.5, header=header)
    assert rows_of(read(node, file.content)) == truth_of(file)


SAME = [
    f"姓名,身份证号\n某,{ONE}\n",
    f"name,ID No. (18 digits)\nx,{ONE}\n",
    f"name,公民身份号码\nx,{ONE}\n",
    f"姓名,证件號碼\nx,{ONE}",
    f'\n姓名,地址,身份证号\n甲,"一楼\n二楼",{ONE}\n,,\n丙\n丁,,{OTHER}\n\n',
    f"{ONE}\n{ONE}\n\n\n",
    f"a,b\n{ONE},{OTHER}\n",  # two columns
    "a,b\nc,d\n",  # none
    f'姓名,身份证号\n"某,{ONE}\n又,{OTHER}\n',  # an open quotation mark
    f'姓名,身份证号\n"某"x,{ONE}\n',
    f'姓名,身份证号\n"某\n又",{ONE},x\n',
    f'姓名,身份证号\n"某, \n又",{ONE}\n',
    f'姓名,身份证号\n某,"{ONE}\n{OTHER}"\n',
    "姓名,身份证号\n某,1.1010519491231E+17\n",
    "姓名,身份证号\n某,110105194912310000\n",
    "姓名,身份证号\n'11010519491231002X,'11010519491231002X\n",
    "",
    "\n \n",
    b"\xff\xfe\x00",
    b"\x81\x81\xff\xff",
    b"\xd0\xcf\x11\xe0 an old workbook",
    b"PK\x03\x04 no workbook",
    "姓名,身份证号\n".encode() + b"\x8120105\n",
]


@pytest.mark.parametrize("content", SAME, ids=range(len(SAME)))
def test_the_page_and_the_command_line_say_the_same(node: Node, tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "staff.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    answer = read(node, content)
    assert said_here(answer) == said_there(path)


def said_here(answer: Any) -> Any:
    return answer.get("refused") or answer["value"]["code"] or rows_of(answer)


def said_there(path: Path) -> Any:
    try:
        rows = list(staff.read(path))
    except Invalid as refused:
        return refused.code
    return [(r.number, r.document and r.document.number, r.problem and r.problem.code, r.duplicate_of) for r in rows]


def test_every_title_that_the_command_line_knows_is_known_here(node: Node) -> None:
    for kind, type in (("card", "CN-RIC"), ("any", "CN-RIC"), ("passport", "PASSPORT:CHN")):
        for title in staff._TITLES[kind].split():
            assert read(node, f"x,{title}\ny,z\n", type=type)["value"]["column"] == 1, title


def test_a_column_may_be_chosen_and_a_number_is_no_title(node: Node) -> None:
    two = f"甲方,乙方\n{ONE},{OTHER}\n"
    answer = read(node, two)["value"]
    assert (answer["code"], answer["columns"]) == ("column-ambiguous", ["甲方", "乙方"])
    assert rows_of(read(node, two, column=1)) == [(2, OTHER, None, None)]
    bare = read(node, f"{ONE},{OTHER}\n", column=0)
    assert rows_of(bare) == [(1, ONE, None, None)]
    assert bare["value"]["columns"] == ["", ""]


# A workbook as Excel writes it, as far as this matters: shared and inline text, numbers, an empty row.
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="员工" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(rows: Sequence[Sequence[str | int | float | None]]) -> bytes:
    lines = []
    for number, cells in enumerate(rows, 1):
        made = "".join(_cell(f"{chr(65 + index)}{number}", cell) for index, cell in enumerate(cells))
        lines.append(f'<row r="{number}">{made}</row>' if cells else "")
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{"".join(lines)}'
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet + "</sheetData></worksheet>"}.items():
            packed.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return archive.getvalue()


def _cell(place: str, value: str | int | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def test_a_workbook_is_read_with_its_rows_where_they_stand(node: Node) -> None:
    book = workbook(
        [
            ["姓名", "身份证号"],
            ["=cmd|' /C calc'!A1", ONE],
            [],
            ["<b>\u202e", OTHER.lower()],
            [None, 110105194912310000],  # as Excel keeps eighteen digits
            ["甲", "1.1010519491231E+17"],
            ["乙", 110105491231002],
            [7, None],
        ]
    )
    assert rows_of(read(node, book)) == [
        (2, ONE, None, None),
        (3, None, "row-empty", None),
        (4, OTHER, None, None),
        (5, None, "number-spreadsheet", None),
        (6, None, "number-spreadsheet", None),
        (7, ONE, None, 2),
        (8, None, "number-empty", None),
    ]


def test_a_large_workbook_is_read_without_a_worker_of_the_librarys_own(node: Node) -> None:
    people = sample.staff_file(3_000, seed=1, malformed=0).content.decode().splitlines()
    rows = [line.split(",")[2:3] for line in people]
    answer = read(node, workbook(rows))["value"]
    assert sum("document" in row for row in answer["rows"]) > 2_900


@pytest.mark.parametrize("broken", [b"PK\x03\x04", workbook([["x"]])[:400], workbook([["x"]])[:-30]], ids=len)
def test_a_broken_workbook_is_refused(node: Node, broken: bytes) -> None:
    assert read(node, broken)["refused"] == "file-format"


def test_what_is_too_much_for_a_page_is_refused(node: Node) -> None:
    assert read(node, "身份证号\n" + f"{ONE}\n" * 20_001)["refused"] == "file-rows"
    assert read(node, b"x" * (20 * 1024 * 1024 + 1))["refused"] == "file-large"


def test_no_cell_of_a_saved_file_is_a_formula(node: Node) -> None:
    cells = ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "'", 'say "no", twice', "two\r\nlines", "\u202eabc", 7]
    text = node("csv", rows=[cells])
    assert text == "\ufeff'=1+1,'+1,'-1,'@x,'=1,'＝1,'',\"say \"\"no\"\", twice\",two lines,abc,7\r\n"
