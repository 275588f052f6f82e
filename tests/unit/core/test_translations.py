"""Both languages are complete, and each reader gets theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from registry.web.language import LANGUAGES, catalogue

ROOT = Path(__file__).parents[3]


def test_every_text_is_translated_and_none_is_left_over() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "translations.py"), "check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "every text is translated\n")


def test_chinese_has_words_and_english_is_the_source() -> None:
    assert catalogue("zh_Hans_CN").gettext("Sign in") == "登录"
    assert catalogue("en_GB").gettext("Sign in") == "Sign in"


@pytest.mark.parametrize(
    ("wish", "lang"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("de,en-GB;q=0.5,zh;q=0.4", "en"),
        ("fr", "en"),
    ],
)
def test_the_browsers_wish_decides(visitor: FlaskClient, wish: str, lang: str) -> None:
    page = visitor.get("/", headers={"Accept-Language": wish} if wish else {})
    assert f'<html lang="{lang}" dir="ltr"' in page.text
    assert f'lang="{lang}"' not in page.text.partition('class="quick"')[2].partition("</ul>")[0]


def test_what_was_chosen_is_kept_and_leads_back(visitor: FlaskClient) -> None:
    answer = visitor.get("/language/zh-Hans?next=/policy?x=1")
    assert answer.location == "/policy?x=1"
    assert "规则" in visitor.get("/policy", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "/nothing", ""])
def test_nobody_is_led_away(visitor: FlaskClient, address: str) -> None:
    assert visitor.get("/language/en", query_string={"next": address}).location == "/"


def test_an_unknown_language_is_not_found(visitor: FlaskClient) -> None:
    assert visitor.get("/language/xx").status_code == 404


def test_programs_are_answered_in_english(visitor: FlaskClient) -> None:
    answer = visitor.get("/api/v1/nothing", headers={"Accept-Language": "zh-CN"})
    assert answer.get_json()["title"] == "Page not found"


def test_every_language_says_its_own_name() -> None:
    assert {language.name for language in LANGUAGES.values()} == {"English", "简体中文"}
