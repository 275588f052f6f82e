"""A representative acts for the subject, as far and as long as the mandate says, and under their own name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.mandates import actions
from registry.mandates.actions import Recorded
from registry.mandates.models import Mandate
from registry.notices.models import SubjectSession
from registry.policy import MANDATE_LONGEST
from tests.accused import Accused
from tests.attested import unattested
from tests.functional.test_bad_input import bearer
from tests.pages import problems_of, submit, text_of

DAY = timedelta(days=1)


def recorded(
    accused: Accused, scope: list[str], *, who: str = "vera", days: int = 30, name: str = "Li Lawyer"
) -> Recorded:
    with accused.store.write() as session:
        return actions.record_mandate(
            session,
            actor=accused.cast[who].actor,
            number=accused.case_number,
            name=name,
            scope=scope,
            until=accused.clock() + days * DAY,
            now=accused.clock(),
        )


def entered(app: APIFlask, accused: Accused, code: str) -> FlaskClient:
    """The representative's browser."""
    client = app.test_client()
    answer = submit(client, "/case/representative", {"number": accused.case_number.lower(), "code": code})
    assert answer.location == "/case/file", text_of(answer)
    return client


def hands(accused: Accused) -> set[tuple[str, str]]:
    with accused.store.read() as session:
        key = key_of(session, session.get_one(Case, accused.case_id))
        return {(act.verb, act.actor) for act in acts.of_case(session, key)}


def test_what_a_representative_does_is_logged_as_theirs(app: APIFlask, accused: Accused) -> None:
    accused.proofed()
    made = recorded(accused, ["state", "appeal"])
    client, hand = entered(app, accused, made.code), f"representative:{made.mandate.id}"
    assert "The courier exported" in text_of(client.get("/case/file"))
    submit(client, "/case/statement", {"text": "She was on leave."})
    submit(client, "/case/appeal", {"grounds": ["not-true"], "text": "She was on leave.", "lane": "normal"})
    client.get("/case/checks")
    client.get("/case/exhibits/1")
    done = {verb for verb, actor in hands(accused) if actor == hand}
    assert done == {"mandate.enter", "case.read", "statement.make", "appeal.lodge", "case.checks", "exhibit.open"}
    assert unattested(accused.store) == set()


def test_a_mandate_covers_what_it_says(app: APIFlask, accused: Accused) -> None:
    client = entered(app, accused.proofed(), recorded(accused, ["appeal"]).code)
    assert client.get("/case/file").status_code == 200
    assert client.get("/case/appeal").status_code == 200
    assert client.get("/case/statement").status_code == 403
    assert client.get("/case/representatives").status_code == 403


def test_the_subject_ends_it_at_any_moment(app: APIFlask, subject: FlaskClient, accused: Accused) -> None:
    made = recorded(accused, ["read"])
    client = entered(app, accused, made.code)
    page = subject.get("/case/representatives")
    assert "Li Lawyer: read" in text_of(page)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    path = f"/case/representatives/{made.mandate.id}/revocation"
    assert subject.post(path, data={"csrf_token": token}).location == "/case/representatives"
    assert client.get("/case/file").location == "/case"
    assert problems_of(
        submit(app.test_client(), "/case/representative", {"number": accused.case_number, "code": made.code})
    )
    assert "It has ended." in text_of(subject.get("/case/representatives"))
    assert subject.post(path, data={"csrf_token": token}).status_code == 409


def test_it_ends_by_itself(app: APIFlask, accused: Accused) -> None:
    made = recorded(accused, ["read"], days=1)
    accused.clock.move(DAY - timedelta(minutes=10))
    client = entered(app, accused, made.code)
    accused.clock.move(timedelta(minutes=10))
    assert client.get("/case/file").location == "/case"
    with accused.store.write() as session, pytest.raises(Forbidden):
        actions.enter(session, number=accused.case_number, code=made.code, now=accused.clock())


@pytest.mark.parametrize("code", ["0000-0000-0000", "", "x" * 500])
def test_a_wrong_code_opens_nothing(app: APIFlask, accused: Accused, store: Store, code: str) -> None:
    recorded(accused, ["read"])
    page = submit(app.test_client(), "/case/representative", {"number": accused.case_number, "code": code})
    assert page.status_code == 422
    assert len(problems_of(page)) == 1
    with store.read() as session:
        assert session.query(SubjectSession).count() == 0


def test_the_code_of_the_letter_is_no_mandate(app: APIFlask, accused: Accused) -> None:
    page = submit(app.test_client(), "/case/representative", {"number": accused.case_number, "code": accused.code})
    assert page.status_code == 422


def test_who_records_and_what(accused: Accused) -> None:
    assert recorded(accused, ["state"], who="cleo").mandate.scope == ["read", "state"]
    for who in ("rui", "sol", "rex", "olaf", "hana"):
        with pytest.raises(Forbidden):
            recorded(accused, ["read"], who=who)
    for how in ({"days": 0}, {"days": MANDATE_LONGEST.days + 1}, {"name": ""}, {"name": "11010519491231002X"}):
        with pytest.raises(Invalid):
            recorded(accused, ["read"], **how)  # type: ignore[arg-type]
    for scope in ([], ["all"]):
        with pytest.raises(Invalid):
            recorded(accused, scope)


def test_the_name_is_sealed_and_another_case_cannot_revoke_it(accused: Accused, store: Store) -> None:
    made = recorded(accused, ["read"])
    assert b"Lawyer" not in made.mandate.sealed_name
    with store.write() as session, pytest.raises(NotFound):
        other = Case(id="0" * 32)
        actions.revoke(session, case=other, mandate_id=made.mandate.id, now=accused.clock())
    with store.write() as session, pytest.raises(Conflict):
        case = session.get_one(Case, accused.case_id)
        actions.revoke(session, case=case, mandate_id=made.mandate.id, now=accused.clock())
        actions.revoke(session, case=case, mandate_id=made.mandate.id, now=accused.clock())


def test_over_the_api(app: APIFlask, accused: Accused, store: Store) -> None:
    headers = {"Authorization": f"Bearer {bearer(store, accused.cast.vera, accused.clock)}"}
    said = {"name": "Li Lawyer", "scope": ["appeal"], "until": "2026-05-01T00:00:00Z"}
    made = app.test_client().post(f"/api/v1/cases/{accused.case_number}/mandates", json=said, headers=headers)
    assert (made.status_code, made.json["scope"]) == (201, ["appeal", "read"])
    tag = {"tag": accused.filing.payload["sub"]}
    seen = app.test_client().post(f"/api/v1/cases/{accused.case_number}/sightings", json=tag, headers=headers)
    assert seen.json["proofed"] is False
    with store.read() as session:
        assert session.query(Mandate).count() == 1
