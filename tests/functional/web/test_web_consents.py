"""HR asks for consent by link in pages, sees what became of each link, and checks with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from registry.checks.models import Check
from registry.db import Store
from registry.keys.holder import Holder
from registry.signing import consent, jws
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.web.test_web_check import ask, tag_of
from tests.functional.web.test_web_consent import (
    CANDIDATE,
    OTHER,
    SECRETS,
    TEXT,
    THIRD,
    create,
    grant,
    granted,
    group_claims,
    post,
)
from tests.listing import list_person
from tests.pages import send, text_of


@pytest.fixture
def hana(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.hana)


@pytest.fixture
def candidate(app: APIFlask) -> FlaskClient:
    return app.test_client()


def test_a_group_is_opened_as_the_page_sends_it_and_seen_by_its_member_alone(
    hana: FlaskClient, signed_in: SignIn, cast: Cast, clock: MovingClock, candidate: FlaskClient
) -> None:
    assert cast.hana.key
    statement = jws.sign(group_claims(cast.hana, clock), typ=consent.GROUP, key=cast.hana.key)
    sent: dict[str, Any] = {"statement": statement, "text": TEXT}
    opened = send(hana, "/check/consents/new", "/check/consents/new", sent)
    assert opened.json["next"] == "/check/consents/g1"
    assert opened.json["links"].endswith("/consent")
    assert post(candidate, "open", {"secret": SECRETS[0]}).json["is_open"]
    assert "3 waits for an answer" in text_of(hana.get("/check/consents"))
    page = hana.get("/check/consents/g1")
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page.text
    assert "Nobody can be checked with these links now." in page.text
    assert send(hana, "/check/consents/new", "/check/consents/new", sent).json["code"] == "outdated"
    rui = signed_in(cast.rui)
    assert [rui.get(path).status_code for path in ("/check/consents", "/check/consents/g1")] == [403, 403]


def test_states_follow_the_answers_and_a_mismatch_says_nothing_about_listings(
    hana: FlaskClient, candidate: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    create(store, cast.hana, clock, exp=int(clock().timestamp()) + 1200)
    list_person(store, holder, cast, OTHER, clock())
    grant(candidate, holder, CANDIDATE)
    post(candidate, "decline", {"secret": SECRETS[1]})
    assert "has agreed" in text_of(hana.get("/check/consents/g1"))
    form = hana.get("/check?granted=g1").text
    assert 'data-granted="g1"' in form
    assert 'name="reference"' not in form
    assert "mismatch" not in hana.get("/check/consents/g1").text.lower()
    said = set()
    for person in (OTHER, THIRD):  # one is listed, the other is not
        clock.move(timedelta(minutes=1))
        assert ask(hana, tag_of(hana, holder, person), **granted()).json["code"] == "consent-mismatch"
        shown = text_of(hana.get("/check/consents/g1"))
        assert "a check named somebody who has not agreed" in shown
        said.add(shown.replace(f"{clock():%H:%M}", "…"))
    assert len(said) == 1
    with store.read() as session:
        assert session.query(Check).count() == 0
    assert ask(hana, tag_of(hana, holder, CANDIDATE), **granted()).status_code == 200
    shown = text_of(hana.get("/check/consents/g1"))
    for words in ("waits for an answer", "has agreed, and was checked", "has declined"):
        assert words in shown
    clock.move(timedelta(minutes=20))
    assert "has run out" in text_of(hana.get("/check/consents/g1"))


def test_a_mismatch_is_noted_of_ones_own_groups_alone(
    signed_in: SignIn, store: Store, holder: Holder, cast: Cast, clock: MovingClock, hana: FlaskClient
) -> None:
    create(store, cast.hana, clock)
    nobodys = {"consent": {"kind": "granted", "group": "g2"}}
    assert ask(hana, tag_of(hana, holder, OTHER), **nobodys).json["code"] == "consent-mismatch"
    assert "Mismatch" not in text_of(hana.get("/check/consents/g1"))
    assert hana.get("/check?granted=g2").status_code == 404
