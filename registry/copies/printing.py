"""A copy on paper: the same document, in a font that has every character people's names are written with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from registry.paper import Paper

_INDENT: Final = 5  # mm


def pdf_of(document: dict[str, Any], *, title: str, made_at: datetime) -> bytes:
    """A4 pages with a heading for each part. Unavailable when the font is not installed."""
    paper = Paper(title=title, made_at=made_at)
    paper.add_page()
    paper.write_text(title, size=16)
    for name, value in document.items():
        paper.write_text(_words(name), size=12, bold=True)
        _value(paper, value, indent=_INDENT)
    return bytes(paper.output())


def _value(paper: Paper, value: Any, *, indent: int) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                paper.write_text(f"{_words(name)}:", indent=indent)
                _value(paper, inner, indent=indent + _INDENT)
            else:
                paper.write_text(f"{_words(name)}: {_plain(inner)}", indent=indent)
    elif isinstance(value, list) and value:
        for inner in value:
            _value(paper, inner, indent=indent)
            paper.ln(1)
    else:
        paper.write_text(_plain(value), indent=indent)


def _plain(value: Any) -> str:
    if value is None or value == []:
        return "none"
    return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
