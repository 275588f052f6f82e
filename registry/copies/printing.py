"""A copy on paper: the same document, in a font that has every character people's names are written with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from registry.errors import Unavailable

FONT: Final = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
_SIMPLIFIED: Final = 2  # of the collection
_INDENT: Final = 5  # mm


def pdf_of(document: dict[str, Any], *, title: str, made_at: datetime) -> bytes:
    """A4 pages with a heading for each part. Unavailable when the font is not installed."""
    if not FONT.exists():
        raise Unavailable("this machine has no font for Chinese; install fonts-noto-cjk", retry_after=3600)
    pdf = FPDF(format="A4")
    pdf.set_title(title)
    pdf.set_creation_date(made_at)
    pdf.add_font("text", fname=FONT, collection_font_number=_SIMPLIFIED)
    pdf.add_page()
    _line(pdf, title, size=16, indent=0)
    for name, value in document.items():
        _line(pdf, _words(name), size=12, indent=0)
        _value(pdf, value, indent=_INDENT)
    return bytes(pdf.output())


def _value(pdf: FPDF, value: Any, *, indent: int) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                _line(pdf, f"{_words(name)}:", indent=indent)
                _value(pdf, inner, indent=indent + _INDENT)
            else:
                _line(pdf, f"{_words(name)}: {_plain(inner)}", indent=indent)
    elif isinstance(value, list) and value:
        for inner in value:
            _value(pdf, inner, indent=indent)
            pdf.ln(1)
    else:
        _line(pdf, _plain(value), indent=indent)


def _line(pdf: FPDF, text: str, *, indent: int, size: int = 10) -> None:
    pdf.set_font("text", size=size)
    pdf.set_x(pdf.l_margin + indent)
    pdf.multi_cell(0, size * 0.55, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _plain(value: Any) -> str:
    if value is None or value == []:
        return "none"
    return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
