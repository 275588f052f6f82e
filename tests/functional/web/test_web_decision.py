"""After a hit: the letter, the decision of a named person, what is owed, the history, staff on watch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from registry.cases.models import Case
from registry.checks.models import Batch, Check, HitDecision
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.policy import WATCH_AT_MOST
from registry.watches.models import Watch
from tests.app_fixture import SignIn, open_session
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, list_person, people
from tests.pages import problems_of, submit, text_of, token_of

LISTED, OTHER = people(2)
REASONS = "They were heard.\n<b>=1+1</b>"
SAID = {
    "told_on-year": "2026", "told_on-month": "3", "told_on-day": "2", "by": "韩梅 \u202e", "verdict": "not-hired",
    "reasons": REASONS,
}  # fmt: skip


@pytest.fixture
def hana(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.hana)


def asked(store: Store, holder: Holder, cast: Cast, clock: MovingClock, **options: Any) -> list[str]:
    answers = check(store, holder, [LISTED, OTHER], cast.hana.actor, clock(), **options).answers
    return [str(answer["id"]) for answer in answers]


@pytest.fixture
def hit(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> str:
    list_person(store, holder, cast, LISTED, clock())
    return asked(store, holder, cast, clock)[0]


def test_a_hit_is_owed_a_decision_until_a_named_person_decides(hana: FlaskClient, hit: str, store: Store) -> None:
    assert hit in text_of(hana.get("/check/decisions"))
    letter = text_of(hana.get(f"/check/{hit}/letter"))
    assert "Nothing is decided yet" in letter
    assert "Sold customer data" in letter
    path = f"/check/{hit}/decision"
    empty = submit(hana, path, {})
    assert empty.status_code == 422
    assert len(problems_of(empty)) == 4
    with store.read() as session:
        assert session.query(HitDecision).count() == 0
    assert submit(hana, path, SAID).location == path
    page = hana.get(path)
    assert "韩梅" in text_of(page)
    assert "<b>=1" not in page.text
    assert hit not in text_of(hana.get("/check/decisions"))
    with store.read() as session:
        assert session.get_one(Check, hit).hired is False
        assert "韩梅".encode() not in session.query(HitDecision).one().sealed_words
    again = hana.post(path, data={**SAID, "verdict": "hired", "csrf_token": token_of(hana, "/check")})
    assert again.status_code == 200  # nothing is changed by a second
    with store.read() as session:
        assert session.query(HitDecision).count() == 1


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"verdict": "stays"}, "Verdict must be hired or not-hired."),
        ({"verdict": "reject"}, "Select what was decided."),
        ({"told_on-day": "1"}, "The person must have been told on a day from the check until today."),
        ({"told_on-day": "4"}, "The person must have been told on a day from the check until today."),
        ({"reasons": "11010519491231002X"}, "Reasons must not hold an identity number; leave the number out."),
    ],
    ids=str,
)
def test_a_decision_that_is_wrong_names_the_field(
    hana: FlaskClient, hit: str, store: Store, changed: dict[str, str], problem: str
) -> None:
    refused = submit(hana, f"/check/{hit}/decision", {**SAID, **changed})
    assert problems_of(refused) == [problem]
    with store.read() as session:
        assert session.query(HitDecision).count() == 0
        assert session.get_one(Check, hit).hired is None


def test_without_a_hit_there_is_nothing_to_decide_and_no_letter(
    hana: FlaskClient, hit: str, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    other = asked(store, holder, cast, clock)[1]
    assert submit(hana, f"/check/{other}/decision", SAID).status_code == 404
    assert hana.get(f"/check/{other}/letter").status_code == 404


def test_an_erased_case_is_owed_nothing(hana: FlaskClient, hit: str, store: Store, clock: MovingClock) -> None:
    submit(hana, f"/check/{hit}/decision", SAID)
    with store.write() as session:
        session.query(Case).one().wrapped_key = None
        record(session, "case.erase", actor="olaf", now=clock())
    assert "韩梅" not in hana.get(f"/check/{hit}/decision").text
    assert hit not in text_of(hana.get("/check/decisions"))


def test_the_history_is_proof_without_content_and_says_who_was_hired(
    hana: FlaskClient, hit: str, store: Store, signed_in: SignIn, cast: Cast
) -> None:
    with store.read() as session:
        batch = session.query(Batch).one().id
        other = session.query(Check).filter(Check.id != hit).one().id
    assert "1 question" in text_of(hana.get("/check/history"))
    path = f"/check/history/{batch}"
    assert text_of(hana.get(path)).count("No entry") == 1
    sent = {"csrf_token": token_of(hana, path), "hired": "maybe"}
    assert hana.post(f"/check/{other}/outcome", data=sent).status_code == 422
    assert hana.post(f"/check/{other}/outcome", data={**sent, "hired": "yes"}).location == f"{path}?page=1#{other}"
    assert "hired" in text_of(hana.get(path))
    assert hana.post(f"/check/{other}/outcome", data={**sent, "hired": "no"}).status_code == 409
    assert hana.get("/check/history?page=99").status_code == 200
    assert signed_in(cast.rui).get(path).status_code == 403
    assert hana.get("/check/history/nothing").status_code == 404


def test_present_staff_are_watched_and_next_years_check_renews(
    hana: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    asked(store, holder, cast, clock, purpose="present-staff")
    ends = [clock() + WATCH_AT_MOST]
    for _year in range(2):
        with store.read() as session:
            batch = session.query(Batch).order_by(Batch.at.desc()).first()
            assert batch is not None
            path = f"/check/history/{batch.id}"
        assert "Watch these staff" in text_of(hana.get(path))
        token = {"csrf_token": token_of(hana, path)}
        assert hana.post(f"{path}/watch", data=token).location == "/check/watches"
        assert hana.post(f"{path}/watch", data=token).status_code == 409
        with store.read() as session:
            assert [watch.until for watch in session.query(Watch)] == ends[-1:] * 2
        clock.move(WATCH_AT_MOST - timedelta(days=20))
        hana = _again(hana, store, cast, clock)
        assert text_of(hana.get("/check/watches")).count("renew soon") == 2
        asked(store, holder, cast, clock, purpose="present-staff")
        ends.append(clock() + WATCH_AT_MOST)
    with store.read() as session:
        one = session.query(Watch).first()
        assert one is not None
    hana.post(f"/check/watches/{one.id}/end", data={"csrf_token": token_of(hana, "/check/watches")})
    assert one.id not in text_of(hana.get("/check/watches"))


def _again(client: FlaskClient, store: Store, cast: Cast, clock: MovingClock) -> FlaskClient:
    """Signed in anew, for the session was over long ago."""
    with client.session_transaction() as session:
        session["_user_id"] = open_session(store, cast.hana, clock())
    return client


@pytest.mark.parametrize("who", ["rui", "rex", "olaf"])
def test_nobody_else_sees_these_pages(signed_in: SignIn, cast: Cast, hit: str, who: str) -> None:
    client = signed_in(cast[who])
    for path in ("history", "decisions", "watches", f"{hit}/decision", f"{hit}/letter"):
        assert client.get(f"/check/{path}").status_code == 403
