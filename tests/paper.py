"""What stands in a PDF, read by PDFium: two-byte codes are read right, which not every reader does."""

from __future__ import annotations

import re

from pypdfium2 import PdfDocument


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page in the order in which it was set."""
    document = PdfDocument(pdf)
    try:
        return [_text(document, number) for number in range(len(document))]
    finally:
        document.close()


def _text(document: PdfDocument, number: int) -> str:
    page = document[number]
    text = page.get_textpage()
    try:
        return str(text.get_text_range())
    finally:
        text.close()
        page.close()


def bare(text: str) -> str:
    """Without spaces and line ends, which a page has elsewhere than a sheet."""
    return re.sub(r"\s", "", text)
