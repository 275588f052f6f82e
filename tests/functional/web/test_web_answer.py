from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry import policy
from registry.appeals.listing import list_due
from registry.db import Store
from registry.identity.document import parse
from registry.policy import EXTENSION, RESPONSE_WINDOW
from registry.reports.models import Representation
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.listing import check
from tests.pages import problems_of, submit, text_of, title_of, token_of


def test_the_person_answers_and_reads_what_they_said(subject: FlaskClient, accused: Accused, store: Store) -> None:
    assert "Answer the report" in text_of(subject.get("/case/file"))
    assert submit(subject, "/case/answer", {"text": "I was away.\r\n<b>Not me.</b>"}).location == "/case/answer#said"
    page = subject.get("/case/answer")
    assert "&lt;b&gt;Not me.&lt;/b&gt;" in page.text
    assert "Not answering is not an admission" in text_of(page)
    with store.read() as session:
        assert b"away" not in session.query(Representation).one().sealed_text


def test_more_time_is_a_button_that_works_once(subject: FlaskClient, accused: Accused) -> None:
    token = token_of(subject, "/case/answer")
    before = accused.filing.report().window_closes_at
    assert subject.post("/case/extension", data={"csrf_token": token}).location == "/case/answer"
    after = accused.filing.report().window_closes_at
    assert before is not None
    assert after == before + EXTENSION
    assert "/case/extension" not in subject.get("/case/answer").text
    assert subject.post("/case/extension", data={"csrf_token": token}).status_code == 409


def test_a_late_answer_is_asked_why(subject: FlaskClient, accused: Accused, clock: MovingClock) -> None:
    clock.move(RESPONSE_WINDOW)
    subject.set_cookie("zilu-case", accused.session_token())
    assert "The time to answer ended" in text_of(subject.get("/case/answer"))
    refused = submit(subject, "/case/answer", {"text": "Not me."})
    assert problems_of(refused) == ["The reasons must say why the answer comes after its time."]
    assert submit(subject, "/case/answer", {"text": "Not me.", "late_reasons": "I was ill."}).status_code == 302
    assert "Why it came late: I was ill." in text_of(subject.get("/case/answer"))


@pytest.mark.parametrize("late", [False, True])
def test_whoever_is_shown_the_entry_is_told_of_a_late_answer(
    subject: FlaskClient, signed_in: SignIn, accused: Accused, clock: MovingClock, late: bool
) -> None:
    accused.proofed()
    clock.move(RESPONSE_WINDOW)
    with accused.store.write() as session:
        list_due(session, now=clock())
    if late:
        subject.set_cookie("zilu-case", accused.session_token())
        submit(subject, "/case/answer", {"text": "Not me.", "late_reasons": "I was ill."})
    hit = check(accused.store, accused.holder, [parse(NUMBER)], accused.cast.hana.actor, clock()).answers[0]["id"]
    page = text_of(signed_in(accused.cast.hana).get(f"/check/{hit}"))
    assert ("Answered late" in page) is late
    assert ("Weigh that the person has answered late" in page) is late
    assert "Read nothing into silence" in page


def test_what_is_wrong_is_said(subject: FlaskClient, accused: Accused) -> None:
    for typed, problem in (
        ("", "Enter your answer."),
        ("x" * 5001, "Your answer must be 5,000 characters or less."),
        (f"My number is {NUMBER}.", "Text must not hold an identity number; leave the number out."),
    ):
        page = submit(subject, "/case/answer", {"text": typed})
        assert page.status_code == 422
        assert title_of(page).startswith("Error: ")
        assert problems_of(page) == [problem]


def test_the_file_takes_only_so_many(subject: FlaskClient, accused: Accused) -> None:
    for _ in range(policy.REPRESENTATIONS):
        submit(subject, "/case/answer", {"text": "Again."})
    assert submit(subject, "/case/answer", {"text": "Again."}).status_code == 422
