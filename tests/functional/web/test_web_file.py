from __future__ import annotations

import json

from flask.testing import FlaskClient

from registry import vault
from registry.appeals.listing import list_due
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import EXHIBIT, Filing
from tests.listing import check
from tests.pages import text_of


def verbs(store: Store, accused: Accused) -> list[tuple[str, str]]:
    """(verb, actor) of every act of the case."""
    with store.read() as session:
        key = key_of(session, session.get_one(Case, accused.case_id)).key
        acts = session.query(Act).filter_by(case_id=accused.case_id).order_by(Act.id)
        opened = [
            json.loads(vault.open_sealed(key, act.record, table="act", row=act.uid, column="record")) for act in acts
        ]
    return [(record["verb"], record["actor"]) for record in opened]


def test_the_file_says_what_is_alleged_by_whom_and_until_when_one_can_answer(
    subject: FlaskClient, accused: Accused
) -> None:
    text = text_of(subject.get("/case/file"))
    assert f"Your case {accused.case_number}" in text
    assert "Nothing is visible to any company while you can answer" in text
    assert "You can answer until 1 April 2026, 09:00 UTC" in text
    assert "Acme filed this report on 2 March 2026" in text
    assert "The courier exported customers' addresses" in text
    assert "710 records of transaction data" in text
    assert "SPB-2026-0117" in text


def test_the_tag_of_the_report_stands_on_no_page(subject: FlaskClient, accused: Accused) -> None:
    assert accused.filing.payload["sub"] not in subject.get("/case/file").text


def test_each_reading_is_an_act_of_the_case(subject: FlaskClient, accused: Accused, store: Store) -> None:
    subject.get("/case/file")
    subject.get("/case/file")
    read = ("case.read", f"subject:{accused.case_id}")
    assert verbs(store, accused)[-2:] == [read, read]


def test_evidence_is_saved_and_not_shown_and_each_opening_is_logged(
    subject: FlaskClient, accused: Accused, store: Store
) -> None:
    assert 'href="/case/exhibits/1"' in subject.get("/case/file").text
    exhibit = subject.get("/case/exhibits/1")
    assert exhibit.data == EXHIBIT
    assert exhibit.content_type == "text/csv; charset=utf-8"
    assert exhibit.headers["Content-Disposition"] == f'attachment; filename="{accused.case_number}-exhibit-1.csv"'
    assert verbs(store, accused)[-1] == ("exhibit.open", f"subject:{accused.case_id}")
    assert subject.get("/case/exhibits/2").status_code == 404
    assert subject.get("/case/exhibits/0").status_code == 404


def test_a_listing_changes_what_the_page_says(accused: Accused, subject: FlaskClient, clock: MovingClock) -> None:
    clock.move(RESPONSE_WINDOW)
    with accused.store.write() as session:
        list_due(session, now=clock())
    subject.set_cookie("zilu-case", accused.session_token())
    text = text_of(subject.get("/case/file"))
    assert "You are listed" in text
    assert "Listed on 1 April 2026, until 1 April 2027" in text
    clock.move(RESPONSE_WINDOW * 13)
    subject.set_cookie("zilu-case", accused.session_token())
    assert "The listing has ended by itself. You are not listed." in text_of(subject.get("/case/file"))


def test_who_has_checked_them_is_shown_once_their_identity_is_proven(
    subject: FlaskClient, accused: Accused, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    check(store, holder, [parse(accused.number)], cast.hana.actor, clock())
    assert "Birch" not in text_of(subject.get("/case/file"))
    accused.proofed()
    assert "Birch 2 March 2026 hiring" in text_of(subject.get("/case/file"))


def test_the_pages_of_one_case_are_closed_to_another(
    subject: FlaskClient, accused: Accused, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    other = Filing(store, cast, holder, clock())
    text = subject.get("/case/file").text
    assert accused.case_number in text
    assert other.number not in text


def test_without_a_match_there_is_only_the_way_in(visitor: FlaskClient) -> None:
    for path in ("/case/file", "/case/statement", "/case/appeal", "/case/exhibits/1"):
        assert visitor.get(path).location == "/case"


def test_an_account_is_no_subject(signed_in: SignIn, cast: Cast) -> None:
    for person in (cast.rex, cast.olaf, cast.rui):
        assert signed_in(person).get("/case/file").location == "/case"


def test_a_made_up_cookie_opens_nothing(visitor: FlaskClient, accused: Accused) -> None:
    visitor.set_cookie("zilu-case", "A" * 43)
    assert visitor.get("/case/file").location == "/case"


def test_leaving_closes_the_case_in_every_copy_of_the_cookie(subject: FlaskClient, accused: Accused) -> None:
    page = subject.get("/case/file").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    cookie = subject.get_cookie("zilu-case")
    assert cookie is not None
    assert subject.post("/case/leave", data={"csrf_token": token}).location == "/"
    assert subject.get_cookie("zilu-case") is None
    subject.set_cookie("zilu-case", cookie.value)
    assert subject.get("/case/file").location == "/case"
