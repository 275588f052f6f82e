"""Reads a member's staff file, whatever program wrote it, and says of each row who it is or why that is unclear.

    encoding    UTF-8 with or without a byte order mark, UTF-16 with one, else GB18030
    delimiter   comma, tab or semicolon; quoted cells may span lines
    column      by its title, else by content, else as the caller says

Every row of the file but its header gives exactly one `Row`, an empty line too. A file in which a stray
quotation mark may have swallowed rows is refused as a whole, because nobody would miss them.
No number stands in a message or a repr.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from registry.errors import Invalid
from registry.identity import document
from registry.identity.document import Document

from . import table

_DELIMITERS = (",", "\t", ";")
_SAMPLE = 200
"""Rows that are not empty, from which the layout is recognised."""

_TITLES = {
    "any": "证件号 证件号码 證件號 證件號碼 documentnumber documentno",
    "passport": "护照 护照号 护照号码 護照號碼 passport passportnumber passportno",
    "card": (
        "身份证 身份证号 身份证号码 身份证件号 身份证件号码 身份号码 员工身份证号 员工身份证号码 "
        "公民身份号码 公民身份证号 公民身份证号码 居民身份证 居民身份证号 居民身份证号码 居民身份号码 "
        "身份證 身份證號 身份證號碼 身分證 身分證號 身分證號碼 sfz sfzh sfzhm "
        "idnumber idno idnum idcard idcardnumber idcardno identitynumber identityno identitycard "
        "identitycardnumber identitycardno nationalid nationalidnumber nationalidno nationalidentitynumber "
        "residentid residentidnumber residentidentitynumber residentidentitycardnumber citizenid"
    ),
}
"""What the column is usually called, as `_title` folds it."""


class Problem(NamedTuple):
    """Why a row is rejected: a code for programs and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file; `number` counts from 1 and includes the header, as a spreadsheet shows it.

    Either `document` or `problem` is there. `duplicate_of` is the first row with the same document.
    """

    number: int
    document: Document | None = None
    problem: Problem | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    encoding: str
    delimiter: str
    column: int
    header: int
    """Number of the row that holds the titles, or 0."""

    width: int


def read(
    path: Path, *, column: str | None = None, type: str = document.RESIDENT, today: date | None = None
) -> Iterator[Row]:
    """The rows of the file in order, one at a time; only the numbers already seen stay in memory.

    `column` is a title of the first row, or the position of the column counted from 1. `type` and `today`
    are as in `document.parse`. Raises Invalid with `field` "file" or "column", at once when the file cannot
    be understood, and on the way when a later row cannot.
    """
    _require_type(type)
    return _rows(path, _recognise(path, column, type), type, today)


def _require_type(type: str) -> None:
    try:
        document.parse("", type)
    except Invalid as refused:
        if refused.field == "type":
            raise


def _rows(path: Path, layout: _Layout, type: str, today: date | None) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for record in table.records(path, layout.encoding, layout.delimiter):
        if record.number == layout.header:
            continue
        found = _document(record, layout.column, type, today)
        if isinstance(found, Problem):
            yield Row(record.number, problem=found)
        else:
            first = seen.setdefault(found.number, record.number)
            yield Row(record.number, found, duplicate_of=first if first != record.number else None)


def _document(record: table.Record, column: int, type: str, today: date | None) -> Document | Problem:
    if _is_empty(record):
        return Problem("row-empty", "The row is empty.")
    text = record.cells[column].strip() if column < len(record.cells) else ""
    if "\n" in text or "\r" in text:
        raise table.swallowing(record.number)
    try:
        return document.parse(text, type, today=today)
    except Invalid as refused:
        return Problem(refused.code, refused.message)


def _is_empty(record: table.Record) -> bool:
    return not any(cell.strip() for cell in record.cells)


# Records to a layout.


def _recognise(path: Path, column: str | None, type: str) -> _Layout:
    """The widest layout in which the column of numbers is found; else what is wrong with the likeliest one."""
    encoding = table.encoding(path)
    found: list[_Layout] = []
    refusals: list[Invalid] = []
    for delimiter in _by_frequency(path, encoding):
        try:
            found.append(_layout(path, encoding, delimiter, column, type))
        except Invalid as refused:
            refusals.append(refused)
    if not found:
        raise refusals[0]
    return max(found, key=lambda layout: layout.width)


def _by_frequency(path: Path, encoding: str) -> list[str]:
    """The delimiters, first the one that stands most often in the first line that is not empty."""
    with table.open_text(path, encoding) as stream:
        first = next((line for line in stream if line.strip()), "")
    return sorted(_DELIMITERS, key=first.count, reverse=True)


def _layout(path: Path, encoding: str, delimiter: str, column: str | None, type: str) -> _Layout:
    records = table.records(path, encoding, delimiter)
    sample = list(islice((record for record in records if not _is_empty(record)), _SAMPLE))
    if not sample:
        raise table.refused("empty", "The file has no rows; give a file with one person in each row.")
    first = sample[0]
    matching = _titled(first.cells, column, type)
    header = first.number if matching else 0
    if not matching:
        matching = _placed(column, len(first.cells)) if column else _filled(sample, type)
    return _Layout(encoding, delimiter, _only(matching, column), header, len(first.cells))


def _titled(cells: Sequence[str], column: str | None, type: str) -> list[int]:
    """Where the wanted title stands; a position counts as titled when a known title stands there."""
    titles = _usual_titles(type)
    wanted = {_title(column)} if column else titles
    matching = [index for index, cell in enumerate(cells) if _title(cell) in wanted]
    if column and not matching:
        return [index for index in _placed(column, len(cells)) if _title(cells[index]) in titles]
    return matching


def _usual_titles(type: str) -> set[str]:
    kind = "passport" if type.strip().upper().startswith(document.PASSPORT) else "card"
    return {*_TITLES["any"].split(), *_TITLES[kind].split()}


def _title(cell: str) -> str:
    """Letters and digits only, without what stands in brackets: "ID No. (18 digits)" becomes "idno"."""
    folded = re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", cell)).casefold()
    return "".join(c for c in folded if c.isalnum())


def _placed(column: str, width: int) -> list[int]:
    return [int(column) - 1] if re.fullmatch(r"[1-9][0-9]{0,2}", column) and int(column) <= width else []


def _filled(sample: Sequence[table.Record], type: str) -> list[int]:
    """Where at least one cell is a document of this type."""
    return sorted({i for record in sample for i, cell in enumerate(record.cells) if _is_document(cell, type)})


def _is_document(cell: str, type: str) -> bool:
    try:
        document.parse(cell, type)
    except Invalid:
        return False
    return True


def _only(matching: Sequence[int], column: str | None) -> int:
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise Invalid(
            "More than one column may hold the numbers; name the column, or give its position counted from 1.",
            field="column",
            code="column-ambiguous",
        )
    there = "There is no such column" if column else "No column of identity numbers was found"
    raise Invalid(
        f"{there}; give the title in the first row, or the position counted from 1.",
        field="column",
        code="column-missing",
    )
