"""The letter says what the person must know, in two languages, and is safe to open."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from html.parser import HTMLParser

import pytest

from registry import policy
from registry.notices import letters
from registry.policy import Basis, Kind
from registry.reports.contents import Kind as FileKind

FACTS = letters.Accusation(
    case_number="ZL-7F3K-9QX2",
    language="zh",
    name="王小明",
    address="北京市朝阳区\n幸福路 1 号",
    member="Acme Express",
    site="https://zilu.example",
    written_on=date(2026, 3, 2),
    offence="sale",
    level=2,
    basis=Basis.POLICE,
    period_from=date(2026, 1, 20),
    period_to=date(2026, 2, 20),
    records=710,
    kind=Kind.TRANSACTION,
    gain_cny=900,
    measure="Dismissed.",
    narrative="He exported addresses.\nHe sold them.",
    exhibits=(
        letters.Exhibited("text/csv", 1234, "ab" * 32, has_annex=True),
        letters.Exhibited("application/pdf", 99, "cd" * 32, has_annex=False),
    ),
    term_days=365,
    reasons="Repeated, for gain.",
)
CODE = "7F3K-9QX2-M0TD"
# All but the codes of ours.
TEXTS = sorted({field.name for field in fields(letters.Accusation) if field.type == "str"} - {"language", "offence"})


class Outline(HTMLParser):
    """Opened and closed tags balance; collects text and what is loaded."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "action", "style")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_everything_that_the_person_needs_stands_in_it_twice() -> None:
    text = Outline(letters.accusation(FACTS, CODE)).text
    for needed in ("ZL-7F3K-9QX2", CODE, "https://zilu.example/case", "Acme Express", "710", "2026-01-20", "365", "30",
                   "Dismissed.", "He sold them.", "Repeated, for gain.", "2000", "45", "ab" * 32, "1234"):  # fmt: skip
        assert text.count(needed) >= 2, needed
    for needed in (
        "王小明",
        "幸福路 1 号",
        "出售客户信息",
        "Sold customer data",
        "公安机关立案并解除劳动关系",
        "a police case",
        "a table (CSV) of 1234 bytes, without customers' data",
        "表格，1234 字节，已略去客户信息",
    ):
        assert needed in text
    assert "Not answering is not an admission" in text
    assert "不回应不等于承认" in text


def test_the_persons_language_comes_first() -> None:
    def order(language: str) -> list[str]:
        return re.findall(r'<article lang="([\w-]+)"', letters.accusation(replace(FACTS, language=language), CODE))

    assert order("zh") == ["zh-Hans", "en"]
    assert order("en") == ["en", "zh-Hans"]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = letters.accusation(FACTS, CODE)
    assert Outline(page).loaded == []
    for word in ("<script", "@import", "url(", "<img", "<a "):
        assert word not in page


@pytest.mark.parametrize("name", TEXTS)
def test_what_others_wrote_is_escaped(name: str) -> None:
    page = letters.accusation(replace(FACTS, **{name: "<script>alert(1)</script>"}), CODE)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("days", "words"), [(365, "365 days"), (None, "permanent, at most 1825 days")])
def test_the_term_is_said_as_it_will_be(days: int | None, words: str) -> None:
    assert words in Outline(letters.accusation(replace(FACTS, term_days=days), CODE)).text


def test_every_code_of_the_policy_has_words() -> None:
    assert set(letters.KINDS) == set(Kind)
    assert set(letters.FILES) == set(FileKind)
    assert set(letters.BASES) == set(policy.LISTABLE)
    assert set(letters.LEVELS) == {gravity.level for gravity in policy.LADDER}
    for offence in policy.OFFENCES:
        for gravity in policy.LADDER:
            letters.accusation(replace(FACTS, offence=offence, level=gravity.level), CODE)


def test_the_words_do_not_leak_into_a_representation() -> None:
    for secret in ("王小明", "幸福路", "exported addresses", "for gain"):
        assert secret not in repr(FACTS)
