from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry.cases.models import Statement
from registry.db import Store
from registry.policy import STATEMENT_LENGTH
from tests.accused import Accused
from tests.filing import NUMBER
from tests.pages import problems_of, submit, text_of, title_of

WORDS = "I was on leave that month.\n<script>alert(1)</script> 我没有。"


def test_a_statement_is_kept_sealed_and_shown_as_text(subject: FlaskClient, accused: Accused, store: Store) -> None:
    accused.proofed()
    answer = submit(subject, "/case/statement", {"text": WORDS.replace("\n", "\r\n")})
    assert answer.location == "/case/file#statement"
    page = subject.get("/case/file").text
    assert "I was on leave that month.\n&lt;script&gt;alert(1)&lt;/script&gt; 我没有。" in page
    with store.read() as session:
        assert b"on leave" not in session.query(Statement).one().sealed_text


def test_the_present_statement_stands_in_the_form(subject: FlaskClient, accused: Accused) -> None:
    accused.proofed()
    submit(subject, "/case/statement", {"text": "First."})
    assert ">\nFirst.</textarea>" in subject.get("/case/statement").text
    submit(subject, "/case/statement", {"text": "Second."})
    assert "Second." in text_of(subject.get("/case/file"))
    assert "First." not in text_of(subject.get("/case/file"))


def test_before_the_proof_of_identity_the_page_says_what_is_needed(subject: FlaskClient, store: Store) -> None:
    page = subject.get("/case/statement")
    assert "a verifier has to confirm first who you are" in text_of(page)
    assert "<textarea" not in page.text
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    refused = subject.post("/case/statement", data={"csrf_token": token, "text": "Now."})
    assert refused.status_code == 403
    with store.read() as session:
        assert session.query(Statement).count() == 0


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Enter your statement."),
        ("x" * (STATEMENT_LENGTH + 1), f"Your statement must be {STATEMENT_LENGTH:,} characters or less."),
        (f"My number is {NUMBER}.", "Text must not hold an identity number; leave the number out."),
    ],
    ids=["empty", "too long", "with a number"],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    subject: FlaskClient, accused: Accused, typed: str, problem: str
) -> None:
    accused.proofed()
    page = submit(subject, "/case/statement", {"text": typed})
    assert page.status_code == 422
    assert problems_of(page) == [problem]
    assert title_of(page).startswith("Error: ")
    assert f">\n{typed}</textarea>" in page.text


def test_line_ends_count_as_one_character(subject: FlaskClient, accused: Accused) -> None:
    accused.proofed()
    lines = "\r\n".join(["x"] * (STATEMENT_LENGTH // 2))
    assert submit(subject, "/case/statement", {"text": lines}).status_code == 302


def test_a_statement_needs_the_token_of_its_own_page(subject: FlaskClient, accused: Accused, store: Store) -> None:
    accused.proofed()
    assert subject.post("/case/statement", data={"text": WORDS}).status_code == 400
    with store.read() as session:
        assert session.query(Statement).count() == 0
