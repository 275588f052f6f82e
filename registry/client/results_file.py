"""What became of each row of a staff file, as CSV: `row,status,check_id,reason`. No number stands in it.

One line a row and nothing that breaks a line, so that lines can be counted, cut off and sorted as bytes.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from registry.errors import Conflict

from . import journal

HEADER = b"row,status,check_id,reason\n"

_FORMULA = tuple("=+-@＝＋－＠'")
_LOOKS_LIKE_A_NUMBER = re.compile(r"\d{14,}[Xx]?")


class Status(StrEnum):
    """What became of a row."""

    CHECKED = "checked"
    HIT = "hit"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Result:
    """One line; `check_id` and `reason` are empty where there is none."""

    row: int
    status: Status
    check_id: str = ""
    reason: str = ""


def begin(path: Path) -> int:
    """Write the header to a new file, or to one that a kill left before its first row; the length in bytes.

    Raises Conflict when anything else stands there, Invalid when it cannot be written.
    """
    try:
        with open(path, "ab+", buffering=0, opener=_private) as stream:
            stream.seek(0)
            if not HEADER.startswith(stream.read(len(HEADER) + 1)):
                raise Conflict("The results file exists; give another one.", field="results", code="results-exist")
            stream.truncate(0)
            journal.write(stream.fileno(), HEADER)
        _sync_folder(path)
    except OSError as failed:
        raise journal.unwritable(failed) from None
    return len(HEADER)


def append(path: Path, results: Iterable[Result]) -> int:
    """Add a line for each result; the bytes added, which are on disk."""
    data = _lines(results)
    try:
        with path.open("ab", buffering=0) as stream:
            journal.write(stream.fileno(), data)
    except OSError as failed:
        raise journal.unwritable(failed) from None
    return len(data)


def cut(path: Path, length: int) -> None:
    """Drop what lies behind the first `length` bytes. Raises Conflict when there are fewer."""
    try:
        if path.stat().st_size < length:
            raise _altered()
        os.truncate(path, length)
    except FileNotFoundError:
        raise _altered() from None
    except OSError as failed:
        raise journal.unwritable(failed) from None


def sort(path: Path, rows: Collection[int]) -> None:
    """Put the lines in the order of their rows, in one step that a kill cannot halve.

    Raises Conflict when the lines are not exactly those of `rows`.
    """
    header, *lines = path.read_bytes().splitlines(keepends=True)
    lines.sort(key=_row)
    if header != HEADER or [_row(line) for line in lines] != sorted(rows):
        raise _altered()
    aside = path.with_name(path.name + ".part")
    try:
        with open(aside, "wb", buffering=0, opener=_private) as stream:
            journal.write(stream.fileno(), b"".join((header, *lines)))
        aside.replace(path)
        _sync_folder(path)
    except OSError as failed:
        raise journal.unwritable(failed) from None


def _row(line: bytes) -> int:
    digits = line.partition(b",")[0]
    return int(digits) if digits.isdigit() else -1


def _lines(results: Iterable[Result]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((r.row, r.status.value, cell(r.check_id), cell(_numberless(r.reason))) for r in results)
    return text.getvalue().encode()


def cell(text: str) -> str:
    """One line of text that no spreadsheet takes for a formula."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "'" + text if text.startswith(_FORMULA) else text


def _numberless(text: str) -> str:
    # Our own sentences never hold a number; this is for one that came from elsewhere.
    return _LOOKS_LIKE_A_NUMBER.sub("[number]", text)


def _altered() -> Conflict:
    return Conflict(
        "The results file was moved or altered since the last run; put it back, or give another one.",
        field="results",
        code="results-altered",
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(path: Path) -> None:
    """Make a new name durable, where the system lets a folder be opened."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
