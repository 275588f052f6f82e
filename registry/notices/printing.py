"""A letter as PDF: the words of the page, and no others, on A4.

The page is what was sealed, and the only text there is: this reads it and sets it again. So it understands the tags
that `templates/letters` uses and refuses any other: words that nobody has a place for must not get lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Final

from registry.paper import Paper

_MARGINS: Final = (20, 22)  # mm: left and right, top and bottom
_SHORT: Final = 140  # mm: what ends above leaves room for the other language on the same sheet
_LABEL: Final = 42  # mm: the first column of a table
_BLOCKS: Final = frozenset({"p", "h1", "h2", "address", "dt", "dd", "th", "td", "li", "blockquote"})
_INLINE: Final = frozenset({"span", "strong", "time", "br"})
_AROUND: Final = frozenset({"html", "body", "header", "article", "div", "dl", "table", "tr", "ul", "meta"})
_UNSEEN: Final = frozenset({"head", "title", "style"})
_SPACES: Final = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*|[ \t\r\f\v]+")


@dataclass(frozen=True, slots=True)
class _Block:
    tag: str
    style: str  # its class in the page
    text: str


class _Reader(HTMLParser):
    """The page's title and its blocks in their order; an article begins with a block of that name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: list[_Block] = []
        self._open: _Block | None = None
        self.title = ""
        self._unseen: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._open = _Block(tag, dict(attrs).get("class") or "", "")
        elif tag == "br":
            self._add("\n")
        elif tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "article":
            self.blocks.append(_Block(tag, "", ""))
        elif tag not in _INLINE | _AROUND:
            raise ValueError(f"a letter on paper has no place for <{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen.remove(tag)
        elif tag in _BLOCKS and self._open is not None:
            self.blocks.append(_Block(tag, self._open.style, self._open.text.strip()))
            self._open = None

    def handle_data(self, data: str) -> None:
        kept = self._open is not None and self._open.tag == "blockquote"  # the only one whose lines are the writer's
        self._add(_SPACES.sub(lambda found: "\n" if kept and "\n" in found[0] else " ", data))

    def _add(self, text: str) -> None:
        if self._open is not None:
            self._open = _Block(self._open.tag, self._open.style, self._open.text + text)
        elif "title" in self._unseen:
            self.title += text.strip()
        elif text.strip() and not self._unseen:
            raise ValueError("a letter on paper has no place for words outside of a block")


class _Letter(Paper):
    """Every page says of which letter it is, and which of how many."""

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("text", size=8)
        self.cell(0, 5, f"{self.title}   {self.page_no()} / {{nb}}", align="R")


def pdf_of(page: str, *, made_at: datetime) -> bytes:
    """The letter's HTML as PDF, with its title at the foot of each sheet. Unavailable without the font."""
    letter = _Reader(page)
    paper = _Letter(title=letter.title, made_at=made_at)
    paper.set_margins(_MARGINS[0], _MARGINS[1])
    paper.set_auto_page_break(True, _MARGINS[1])
    paper.add_page()
    articles, label = 0, ""
    for block in letter.blocks:
        if block.tag == "article":
            articles += 1
            if articles > 1 and paper.get_y() > _SHORT:
                paper.add_page()
        elif block.tag in ("th", "dt"):
            label = block.text
        elif block.tag in ("td", "dd"):
            _row(paper, label, block)
        else:
            _block(paper, block)
    return bytes(paper.output())


def _block(paper: Paper, block: _Block) -> None:
    match block.tag, block.style:
        case "h1", _:
            paper.ln(4)
            paper.write_text(block.text, size=15, bold=True)
        case "h2", _:
            paper.ln(3)
            if paper.will_page_break(20):  # mm: a heading stands above what it is of
                paper.add_page()
            paper.write_text(block.text, size=11.5, bold=True)
        case "li", _:
            top = paper.get_y()
            paper.write_text("–", size=10.5)
            paper.set_y(top)
            paper.write_text(block.text, size=10.5, indent=5)
        case "blockquote", _:
            paper.write_text(block.text, size=10.5, indent=6)
        case _, style:
            paper.write_text(block.text, size=8.5 if style == "sender" else 10.5, bold=style == "first")
    paper.ln(1.5)


def _row(paper: Paper, label: str, value: _Block) -> None:
    is_key = value.style in ("code", "number")
    size = 12.5 if is_key else 10.5
    lines = max(len(paper.lines_of(text, paper.epw - _LABEL)) for text in (label, value.text))
    if paper.will_page_break(min(lines, 3) * size * 0.6):  # mm: a label and what it is of begin on one sheet
        paper.add_page()
    sheet, top = paper.page, paper.get_y()
    paper.write_text(label, size=10.5, width=_LABEL - 2)
    below = paper.get_y()
    paper.set_y(top)
    paper.write_text(value.text, size=size, indent=_LABEL, bold=is_key)
    if paper.page == sheet:
        paper.set_y(max(below, paper.get_y()))
    paper.ln(1)
