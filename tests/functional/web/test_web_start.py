from __future__ import annotations

from flask.testing import FlaskClient

from tests.pages import text_of


def test_the_start_page_shows_both_doors(visitor: FlaskClient) -> None:
    page = visitor.get("/")
    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert '<html lang="en" dir="ltr"' in page.text
    assert 'href="/case">I have received a letter</a>' in page.text  # the letter says to look for these words
    assert 'href="/sign-in">Sign in</a>' in page.text
    assert "自律" in page.text


def test_the_start_page_promises_what_the_policy_holds(visitor: FlaskClient) -> None:
    text = text_of(visitor.get("/"))
    assert "30 days pass before anything can be seen" in text
    assert "in 45 days at most" in text
