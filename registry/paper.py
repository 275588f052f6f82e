"""Words on A4: lines that break where each script allows it, in fonts that have every script's characters.

Promises: whatever somebody wrote comes out as text, in the order in which it was written; marks that turn text around
or hide it are left out; a character that no font here has is printed as its number, `[U+1F600]`, and never as a box.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import TextMode, XPos, YPos
from fpdf.fonts import TTFFont

from registry.errors import Unavailable

FONT: Final = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
OTHER_SCRIPTS: Final = Path("/usr/share/fonts/opentype/unifont/unifont.otf")  # plain, but it has them all
_SIMPLIFIED: Final = 2  # of the collection
_LEADING: Final = 0.58  # mm from line to line for each point of size
_BOLD: Final = 0.02  # mm of outline for each point of size: a second font would take seconds to read

# A line may end between any two of these, within no word of another script, and nowhere beside a bracket's inside.
_WIDE: Final = "\u2e80-\ud7ff\uf900-\ufaff\ufe30-\uffef\U00020000-\U0003ffff"
_UNIT: Final = re.compile(rf"[{_WIDE}]|[^{_WIDE}\s]+|\s")
_NOT_FIRST: Final = frozenset("，。；：、！？）》」』】”’…·％,.;:!?)")
_NOT_LAST: Final = frozenset("（《「『【“‘(")


class Paper(FPDF):
    """A document that is written from top to bottom. Unavailable when the font is not installed."""

    def __init__(self, *, title: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        if not FONT.exists():
            raise Unavailable("this machine has no font for Chinese; install fonts-noto-cjk", retry_after=3600)
        self.set_title(title)
        self.set_creation_date(made_at)
        self.add_font("text", fname=FONT, collection_font_number=_SIMPLIFIED)
        self.set_font("text", size=10)
        self._widths: dict[tuple[str, float], float] = {}  # mm, by text and size: measuring is slow

    def write_text(
        self, text: str, *, size: float = 10, indent: float = 0, width: float = 0, bold: bool = False
    ) -> None:
        """Lines from the left margin and `indent` mm on; `width` mm of them, or up to the right margin."""
        self.set_font("text", size=size)
        width = width or self.epw - indent
        style = {"text_mode": TextMode.FILL_STROKE, "line_width": _BOLD * size} if bold else {}
        for line in self.lines_of(text, width):
            self.set_x(self.l_margin + indent)
            if needs_shaping := any(_is_complex(character) for character in line):
                self.set_text_shaping(True)
            with self.local_context(**style):
                self.cell(width, size * _LEADING, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            if needs_shaping:
                self.set_text_shaping(False)

    def lines_of(self, text: str, width: float) -> list[str]:
        """As many lines as the text needs in the present font; a word that is longer than a line is cut."""
        return [line for paragraph in self._printable(text).split("\n") for line in self._broken(paragraph, width)]

    def _broken(self, paragraph: str, width: float) -> Iterator[str]:
        line, used, room = "", 0.0, width - 2 * self.c_margin
        fitting = ([unit] if self._measure(unit) <= room else list(unit) for unit in _units(paragraph))
        for unit in chain.from_iterable(fitting):
            if line and used + self._measure(unit.rstrip()) > room:
                yield line.rstrip()
                line, used = "", 0.0
            if line or not unit.isspace():
                line, used = line + unit, used + self._measure(unit)
        yield line.rstrip()

    def _measure(self, text: str) -> float:
        place = text, self.font_size_pt
        if place not in self._widths:
            self._widths[place] = self.get_string_width(text)
        return self._widths[place]

    def _printable(self, text: str) -> str:
        return "".join(c if c.isspace() or self._has(c) else f"[U+{ord(c):04X}]" for c in _visible(text))

    def _has(self, character: str) -> bool:
        return ord(character) in self._characters("text") or (
            OTHER_SCRIPTS.exists() and ord(character) in self._characters("other")
        )

    def _characters(self, name: str) -> Container[int]:
        """What a font has. The second is read when it is first needed: that takes a second."""
        if name not in self.fonts:
            self.add_font(name, fname=OTHER_SCRIPTS)
            self.set_fallback_fonts([name])
        font = self.fonts[name]
        return font.cmap if isinstance(font, TTFFont) else ()


def _visible(text: str) -> str:
    """Without controls and marks that nobody sees (category C): overrides of direction among them."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn"))


def _units(paragraph: str) -> Iterator[str]:
    """What must stay together on one line, in order."""
    held = ""
    for unit in _UNIT.findall(paragraph):
        if held and (unit[0] in _NOT_FIRST or held[-1] in _NOT_LAST):
            held += unit
            continue
        if held:
            yield held
        held = unit
    if held:
        yield held


def _is_complex(character: str) -> bool:
    """Whether its form depends on its neighbours, or it runs from right to left."""
    return unicodedata.bidirectional(character) in ("R", "AL", "NSM") or unicodedata.category(character) == "Mc"
