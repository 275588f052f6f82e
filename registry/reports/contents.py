"""What kind of file an exhibit is, told from its bytes alone; a name or a header may say anything.

    PDF    %PDF-1… to %%EOF, not encrypted, without scripts, launches or files inside
    PNG    signature, IHDR first, IEND last, nothing behind
    JPEG   SOI to EOI, nothing behind
    text   UTF-8 without control characters; CSV when two or more rows have the same two or more cells

The test for active content reads names in the clear; one that is compressed into an object stream passes.
"""

from __future__ import annotations

import csv
import enum
import io
import re
from collections.abc import Callable, Mapping
from typing import Final

from registry import policy
from registry.errors import Invalid


class Kind(enum.StrEnum):
    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    CSV = "text/csv"
    TEXT = "text/plain"


_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_TAIL: Final = b"\0\0\0\0IEND\xaeB`\x82"
_PDF_HEAD: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_END: Final = re.compile(rb"%%EOF\s*\Z")
_ACTIVE: Final = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|Encrypt)\b")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def kind_of(data: bytes) -> Kind:
    """The one kind that the bytes are; Invalid for every other file, an empty one, and one over the policy's size."""
    if not 1 <= len(data) <= policy.EXHIBIT_BYTES:
        raise Invalid(f"an exhibit must have 1 to {policy.EXHIBIT_BYTES} bytes", field="exhibit", code="exhibit-size")
    for kind, is_kind in _TESTS.items():
        if is_kind(data):
            return kind
    raise Invalid(
        "an exhibit must be a whole PDF without active content, a PNG, a JPEG, or text or CSV in UTF-8",
        field="exhibit",
        code="exhibit-kind",
    )


def _is_pdf(data: bytes) -> bool:
    return bool(_PDF_HEAD.match(data) and _PDF_END.search(data[-1024:]) and not _ACTIVE.search(data))


def _is_png(data: bytes) -> bool:
    return data.startswith(_PNG_HEAD) and data.endswith(_PNG_TAIL)


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")


def _is_csv(data: bytes) -> bool:
    text = _text(data)
    if text is None:
        return False
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return False
    return len(widths) >= 2 and len(set(widths)) == 1 and widths[0] >= 2


def _is_text(data: bytes) -> bool:
    # A reader looks for the head of a PDF in the first kilobyte, so nothing else may have one there.
    return _text(data) is not None and b"%PDF-" not in data[:1024]


def _text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if text.strip() and not _CONTROL.search(text) else None


_TESTS: Final[Mapping[Kind, Callable[[bytes], bool]]] = {
    Kind.PDF: _is_pdf,
    Kind.PNG: _is_png,
    Kind.JPEG: _is_jpeg,
    Kind.CSV: _is_csv,
    Kind.TEXT: _is_text,
}
