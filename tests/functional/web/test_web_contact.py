from __future__ import annotations

from flask.testing import FlaskClient

from registry.db import Store
from registry.notices.models import SubjectContact
from tests.accused import Accused
from tests.pages import problems_of, submit, text_of

GIVEN = {"email": "ming@example.org", "phone": "+86 138 0000 0000", "language": "en"}


def test_an_address_is_kept_sealed_shown_to_its_owner_and_removed(
    subject: FlaskClient, accused: Accused, store: Store
) -> None:
    accused.proofed()
    assert submit(subject, "/case/contact", GIVEN).location == "/case/file"
    assert 'value="ming@example.org"' in subject.get("/case/contact").text
    with store.read() as session:
        assert b"ming" not in session.query(SubjectContact).one().sealed_contact
    submit(subject, "/case/contact", {**GIVEN, "email": "", "phone": ""})
    with store.read() as session:
        assert session.query(SubjectContact).count() == 0


def test_what_is_no_address_is_said_beside_it_and_stays_as_typed(subject: FlaskClient, accused: Accused) -> None:
    accused.proofed()
    for field, typed in (("email", "ming@example.org\nBcc: x@y.z"), ("email", "ming"), ("phone", "call me")):
        page = submit(subject, "/case/contact", {**GIVEN, field: typed})
        assert (page.status_code, len(problems_of(page))) == (422, 1)
        assert "or leave it empty." in problems_of(page)[0]


def test_before_the_proof_of_identity_it_says_what_is_needed(subject: FlaskClient, store: Store) -> None:
    page = subject.get("/case/contact")
    assert "a verifier has to confirm first who you are" in text_of(page)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert subject.post("/case/contact", data={"csrf_token": token, **GIVEN}).status_code == 403
    with store.read() as session:
        assert session.query(SubjectContact).count() == 0
