"""What kind of file an exhibit is, told from its bytes alone; a name or a header may say anything.

    PDF    whole, not encrypted, nothing in it that acts, opens or carries a file      `documents`
    PNG    decodes whole, without metadata                                             `registry.pictures`
    JPEG   the same
    text   UTF-8 without control characters; CSV when two or more rows have the same two or more cells

What is two things at once (a picture that is an archive too, text that a reader takes for a PDF) is neither.
"""

from __future__ import annotations

import csv
import enum
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from registry import pictures, policy
from registry.errors import Invalid
from registry.reports import documents


class Kind(enum.StrEnum):
    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    CSV = "text/csv"
    TEXT = "text/plain"


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A spreadsheet runs a cell that begins so, unless it is a number with a sign.
_FORMULA: Final = re.compile(r"""(?:^|[,;\t|"])[ ]*(?:[=@]|[+-](?![0-9 ().:/-]*(?:$|[,;\t|"])))""", re.MULTILINE)
_ENDS: Final = {Kind.PNG: b"\0\0\0\0IEND\xaeB`\x82", Kind.JPEG: b"\xff\xd9"}


def kind_of(data: bytes) -> Kind:
    """The one kind that the bytes are; Invalid for every other file, an empty one, and one over the policy's caps."""
    if not 1 <= len(data) <= policy.EXHIBIT_BYTES:
        raise _refused("an exhibit must have 1 to {most} bytes", "exhibit-size", most=policy.EXHIBIT_BYTES)
    kind = _kind(data)
    if kind is None or _is_two_things(data, kind):
        raise _refused("an exhibit must be a whole PDF, PNG or JPEG, or text or CSV in UTF-8", "exhibit-kind")
    _VERIFIERS[kind](data)
    return kind


def _kind(data: bytes) -> Kind | None:
    if documents.is_document(data):
        return Kind.PDF
    if pictures.is_picture(data):
        kind = Kind.PNG if data.startswith(pictures.PNG_HEAD) else Kind.JPEG
        return kind if data.endswith(_ENDS[kind]) else None
    text = _text(data)
    if text is None:
        return None
    return Kind.CSV if _is_table(text) else Kind.TEXT


def _is_two_things(data: bytes, kind: Kind) -> bool:
    """A reader looks for the head of a PDF in the first kilobyte, and for an archive's directory at the end."""
    return (kind is not Kind.PDF and b"%PDF-" in data[:1024]) or zipfile.is_zipfile(io.BytesIO(data))


def _text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if text.strip() and not _CONTROL.search(text) else None


def _is_table(text: str) -> bool:
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return False
    return len(widths) >= 2 and len(set(widths)) == 1 and widths[0] >= 2


def _verify_table(data: bytes) -> None:
    text = data.decode("utf-8-sig")
    if sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) > policy.EXHIBIT_ROWS:
        raise _refused(
            "a table must have at most {most} rows; hand in a part of it", "exhibit-rows", most=policy.EXHIBIT_ROWS
        )
    if _FORMULA.search(text):
        raise _refused(
            "no cell of a table may begin with =, @ or a sign that no number follows: spreadsheets run it",
            "exhibit-active",
        )


def _verify_picture(data: bytes) -> None:
    """Decoding all of it is the only proof that it is a picture; the size is read first, so that no bomb unpacks."""
    try:
        picture = pictures.read(data)
    except pictures.Malformed:
        raise _refused("the picture is damaged; save it anew", "exhibit-kind") from None
    if not 1 <= picture.width * picture.height <= policy.EXHIBIT_PIXELS:
        raise _refused(
            "a picture must have at most {most} pixels; hand it in smaller",
            "exhibit-pixels",
            most=policy.EXHIBIT_PIXELS,
        )
    if picture.stripped != data:
        raise _refused(
            "the picture carries metadata; strip it before you hash it, as zilu report does", "exhibit-metadata"
        )
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, zlib.error, Image.DecompressionBombError):
        raise _refused("the picture is damaged; save it anew", "exhibit-kind") from None


def _refused(template: str, code: str, **values: int) -> Invalid:
    return Invalid(template, field="exhibit", code=code, **values)


_VERIFIERS: Final[Mapping[Kind, Callable[[bytes], None]]] = {
    Kind.PDF: documents.verify,
    Kind.PNG: _verify_picture,
    Kind.JPEG: _verify_picture,
    Kind.CSV: _verify_table,
    Kind.TEXT: lambda _: None,
}
