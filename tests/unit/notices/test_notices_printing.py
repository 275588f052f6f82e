"""A letter on paper has the words of the page: all of them, in their order, and no others."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.errors import Unavailable
from registry.notices import letters, printing
from registry.paper import Paper
from tests.paper import bare, pages_of
from tests.unit.notices.test_notices_letters import CODE, FACTS, Outline

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def seen(page: str) -> str:
    """What a reader of the page sees."""
    return bare(Outline(re.sub(r"<head>.*</head>", "", page, flags=re.DOTALL)).text)


def test_every_word_of_the_page_and_no_other_in_the_same_order() -> None:
    """Markup and marks that turn text around are text, or nothing; a name's rare character is itself."""
    page = letters.accusation(replace(FACTS, name="王𠮷 <b>明</b> & \u202eoabc\u2066"), CODE)
    sheets = pages_of(printing.pdf_of(page, made_at=NOW))
    feet = [f"{FACTS.case_number}{number}/{len(sheets)}" for number in range(1, len(sheets) + 1)]
    assert all(bare(sheet).endswith(foot) for sheet, foot in zip(sheets, feet, strict=True))
    words = "".join(bare(sheet).removesuffix(foot).replace("–", "") for sheet, foot in zip(sheets, feet, strict=True))
    assert words == seen(page).replace("\u202e", "").replace("\u2066", "")
    assert "王𠮷<b>明</b>&oabc" in words


def test_every_script_is_written_and_what_no_font_has_is_numbered() -> None:
    paper = Paper(title="x", made_at=NOW)
    paper.add_page()
    paper.write_text("한국 Ж ئۇيغۇر བོད 😀")
    paper.write_text("词" * 300 + "W" * 300, width=100)
    (text,) = pages_of(bytes(paper.output()))
    assert text.startswith("한국 Ж ئۇيغۇر བོད [U+1F600]")
    assert bare(text).endswith("词" * 300 + "W" * 300)


@pytest.mark.parametrize("page", ["<marquee>x</marquee>", "<body>words outside</body>"])
def test_words_that_have_no_place_on_paper_are_not_lost_silently(page: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        printing.pdf_of(page, made_at=NOW)


def test_without_the_font_it_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.paper.FONT", Path("/nowhere"))
    with pytest.raises(Unavailable, match="fonts-noto-cjk"):
        printing.pdf_of("<p>x</p>", made_at=NOW)
