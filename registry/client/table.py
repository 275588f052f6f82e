"""A text file of rows and columns, as a spreadsheet would show it: bytes in, records out.

The encoding is recognised; nothing is decoded with replacement characters, and nothing is skipped.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from registry.errors import Invalid

_CHUNK = 1 << 16
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Record(NamedTuple):
    """One row; `number` counts from 1."""

    number: int
    cells: list[str]


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """The rows in order, one at a time; a quoted cell with line breaks is within one row.

    Raises Invalid with `field` "file" when a quotation mark is not closed where its cell ends, and when a row
    that spans lines may be several: then the rows behind the mark would be lost without a word.
    """
    line, widest, number = 0, 0, 0
    with open_text(path, encoding) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                if reader.line_num > line + 1 and _may_have_swallowed(cells, delimiter, widest):
                    raise swallowing(number)
                line, widest = reader.line_num, max(widest, len(cells))
                yield Record(number, cells)
        except csv.Error:
            raise swallowing(number + 1) from None
        except UnicodeDecodeError:
            raise _undecodable() from None


def open_text(path: Path, encoding: str) -> TextIO:
    """The file with its line ends as they are, which the csv module wants."""
    try:
        return path.open(encoding=encoding, newline="")
    except OSError as failed:
        raise _unreadable(failed) from None


def _may_have_swallowed(cells: Sequence[str], delimiter: str, widest: int) -> bool:
    """Of a row that spans lines: whether it looks like two rows joined by a stray quotation mark."""
    spanning = (cell for cell in cells if "\n" in cell or "\r" in cell)
    return 0 < widest < len(cells) or any(delimiter in cell for cell in spanning)


def encoding(path: Path) -> str:
    """Of the whole file. Raises Invalid with `field` "file" when it is not text, or cannot be read."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        if start.startswith(_WORKBOOKS):
            raise refused("format", "The file is a workbook; save it as CSV (UTF-8) and give that file.")
        for candidate in _possible_encodings(start):
            if _decodes(path, candidate):
                return candidate
    except OSError as failed:
        raise _unreadable(failed) from None
    raise _undecodable()


def _possible_encodings(start: bytes) -> tuple[str, ...]:
    if start.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8", "gb18030")  # in this order: next to nothing written in GB18030 is UTF-8 by accident


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def refused(slug: str, message: str) -> Invalid:
    """An error about the file as a whole."""
    return Invalid(message, field="file", code=f"file-{slug}")


def swallowing(row: int) -> Invalid:
    """An error about a row that may hide others."""
    return refused(
        "quotes",
        f"Row {row} has a quotation mark or a line break inside a cell that may hide other rows; remove it.",
    )


def _undecodable() -> Invalid:
    return refused("encoding", "The file is neither UTF-8, UTF-16 nor GB18030 text; save it as CSV (UTF-8).")


def _unreadable(failed: OSError) -> Invalid:
    return refused("unreadable", f"The file cannot be read: {failed.strerror or 'it is not a file'}.")
