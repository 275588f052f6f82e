from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from registry.appeals.models import Appeal
from registry.appeals.rules import Lane, State
from registry.db import Store
from registry.policy import REASONS_LENGTH
from registry.signing import jws
from registry.signing.keys import thumbprint
from tests.accused import Accused
from tests.app_fixture import SECRETS
from tests.conftest import ISSUER
from tests.pages import problems_of, submit, text_of

APPEAL: dict[str, Any] = {
    "grounds": ["not-true", "procedure"],
    "text": "I was on leave.\r\nAsk my manager.",
    "lane": "urgent",
}


def test_an_appeal_is_lodged_and_its_progress_shown(subject: FlaskClient, accused: Accused) -> None:
    assert 'href="/case/appeal"' in subject.get("/case/file").text
    assert submit(subject, "/case/appeal", APPEAL).location == "/case/file#appeals"
    appeal = accused.appeal()
    assert (appeal.state, appeal.lane, appeal.grounds) == (State.LODGED, Lane.URGENT, ["not-true", "procedure"])
    text = text_of(subject.get("/case/file"))
    assert "Appeal, lodged 2 March 2026" in text
    assert "Next, a verifier confirms who you are" in text
    assert 'href="/case/appeal">Appeal' not in subject.get("/case/file").text  # one at a time


def test_once_the_identity_is_proven_the_dates_are_shown(subject: FlaskClient, accused: Accused) -> None:
    submit(subject, "/case/appeal", {**APPEAL, "lane": "normal"})
    accused.proofed()
    text = text_of(subject.get("/case/file"))
    assert "By 3 March 2026 the registry office admits it" in text
    assert "By 17 March 2026 the panel decides" in text


def test_the_signed_timestamp_can_be_saved_again_and_again(subject: FlaskClient, accused: Accused) -> None:
    submit(subject, "/case/appeal", APPEAL)
    path = f"/case/appeal/{accused.appeal().id}/timestamp"
    assert f'href="{path}"' in subject.get("/case/file").text
    saved = subject.get(path)
    public = SECRETS.receipt_key.public_key()
    said = jws.verify(saved.text, typ="intake+jwt", key_for={thumbprint(public): public}.__getitem__).payload
    assert (said["iss"], said["aud"]) == (ISSUER, accused.case_number)
    assert said["iat"] == int(accused.clock().timestamp())
    assert subject.get(path).data == saved.data
    assert "attachment" in saved.headers["Content-Disposition"]
    assert subject.get("/case/appeal/0/timestamp").status_code == 404


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"grounds": []}, ["Select at least one reason."]),
        ({"text": ""}, ["Enter what happened."]),
        ({"grounds": [], "text": ""}, ["Select at least one reason.", "Enter what happened."]),
        ({"text": "x" * (REASONS_LENGTH + 1)}, [f"What happened must be {REASONS_LENGTH:,} characters or less."]),
        ({"lane": "fast"}, ["Select how urgent it is."]),
        ({"grounds": ["boredom"]}, ["Select at least one reason."]),
    ],
    ids=["no ground", "no text", "nothing", "too long", "unknown lane", "unknown ground"],
)
def test_what_is_wrong_is_said_at_its_field(
    subject: FlaskClient, store: Store, changed: dict[str, Any], problems: list[str]
) -> None:
    page = submit(subject, "/case/appeal", {**APPEAL, **changed})
    assert page.status_code == 422
    assert problems_of(page) == problems
    with store.read() as session:
        assert session.query(Appeal).count() == 0


def test_what_was_typed_and_chosen_stays(subject: FlaskClient) -> None:
    page = submit(subject, "/case/appeal", {**APPEAL, "grounds": ["new-facts"], "text": "", "lane": "urgent"}).text
    for value in ("new-facts", "urgent"):
        chosen = next(part for part in page.split("<input") if f'value="{value}"' in part)
        assert "checked" in chosen.partition(">")[0]


def test_a_second_appeal_must_wait_for_the_first(subject: FlaskClient, accused: Accused) -> None:
    submit(subject, "/case/appeal", APPEAL)
    again = submit(subject, "/case/appeal", APPEAL)
    assert again.status_code == 409
    assert "An appeal of this case is open" in text_of(again)


def test_an_appeal_needs_the_token_of_its_own_page(subject: FlaskClient, store: Store) -> None:
    assert subject.post("/case/appeal", data=APPEAL).status_code == 400
    with store.read() as session:
        assert session.query(Appeal).count() == 0


def test_the_decision_and_its_reasons_are_shown_and_can_be_contested(subject: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("keep")
    text = text_of(subject.get("/case/file"))
    assert "The decision of 2 March 2026, by all three The listing stays as it is." in text
    assert text.count("says so.") == 3
    assert "Contest the decision" in text
    assert problems_of(submit(subject, "/case/appeal/contest", {"text": ""})) == [
        "Enter what is wrong with the decision."
    ]
    contested = submit(subject, "/case/appeal/contest", {"text": "Nobody asked my manager."})
    assert contested.location == "/case/file#appeals"
    text = text_of(subject.get("/case/file"))
    assert "Second instance, lodged 2 March 2026" in text
    assert "It was contested: three others decide anew." in text


def test_whoever_is_cleared_reads_so_and_has_nothing_to_contest(subject: FlaskClient, accused: Accused) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("void")
    text = text_of(subject.get("/case/file"))
    assert "The report was declared void. It does not lead to a listing." in text
    assert "You are cleared" in text
    assert "Contest the decision" not in text
    assert submit(subject, "/case/appeal/contest", {"text": "Again."}).status_code == 409
