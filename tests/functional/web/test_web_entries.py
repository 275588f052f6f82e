from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from registry.db import Store
from registry.entries.actions import mark_disputed, suspend
from registry.entries.models import Entry
from registry.keys.holder import Holder
from registry.log.models import Act
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import list_person, people
from tests.pages import text_of

PAGE = "/regulator/entries"


@pytest.fixture
def rex(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.rex)


@pytest.fixture
def listed(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> list[Entry]:
    """Three entries: listed, suspended and disputed, expired a moment ago."""
    year, day = timedelta(days=365), timedelta(days=1)
    one, two, three = (
        list_person(store, holder, cast, person, clock(), term=term)
        for person, term in zip(people(3), (year, year, day), strict=True)
    )
    with store.write() as session:
        entry = session.get_one(Entry, two.id)
        suspend(session, entry, actor_id="system:test", now=clock(), reason="test")
        mark_disputed(session, entry, disputed=True, actor_id="system:test", now=clock())
    clock.move(day)
    return [one, two, three]


def references(rex: FlaskClient, query: str = "") -> set[str]:
    return set(re.findall(r'href="/regulator/entries/([0-9a-f]{32})"', rex.get(PAGE + query).text))


def test_every_entry_stands_in_the_list_with_its_state(listed: list[Entry], rex: FlaskClient) -> None:
    page = rex.get(PAGE)
    assert references(rex) == {entry.id for entry in listed}
    text = text_of(page)
    assert "3 entries" in text
    for entry, state in zip(listed, ("listed", "suspended", "expired"), strict=True):
        assert f"{entry.id} {state} Acme Sold customer data 2 (medium) 2 March 2026" in text
    assert text.count(" yes ") == 2  # one of them is the filter's


def test_the_list_is_narrowed_by_state(listed: list[Entry], rex: FlaskClient) -> None:
    one, two, three = (entry.id for entry in listed)
    assert references(rex, "?state=listed") == {one}
    assert references(rex, "?state=suspended") == {two}
    assert references(rex, "?state=expired") == {three}
    assert references(rex, "?state=voided") == set()
    assert references(rex, "?state=%27+OR+1=1") == set()


def test_the_list_is_narrowed_by_member(listed: list[Entry], rex: FlaskClient) -> None:
    assert references(rex, "?member=acme") == {entry.id for entry in listed}
    assert references(rex, "?member=birch") == set()
    assert references(rex, "?member=acme&state=listed") == {listed[0].id}
    assert '<option value="acme" selected>' in rex.get(PAGE + "?member=acme").text


def test_long_lists_are_cut_into_pages(listed: list[Entry], rex: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.web.regulator.entries.ROWS", 2)
    first, second = references(rex), references(rex, "?page=2")
    assert (len(first), len(second)) == (2, 1)
    assert first | second == {entry.id for entry in listed}
    assert "page 1 of 2" in text_of(rex.get(PAGE))
    assert references(rex, "?page=9") == set()
    for odd in ("0", "-1", "x", "9" * 30):
        assert rex.get(f"{PAGE}?page={odd}").status_code == 200


def test_no_tag_and_no_handle_stands_on_the_page(listed: list[Entry], rex: FlaskClient) -> None:
    text = rex.get(PAGE).text
    for entry in listed:
        assert entry.handle.hex() not in text


def test_the_regulators_own_reading_is_an_act(rex: FlaskClient, store: Store) -> None:
    with store.read() as session:
        before = session.query(Act).count()
    rex.get(PAGE)
    with store.read() as session:
        assert session.query(Act).count() == before + 1


@pytest.mark.parametrize("who", ["hana", "rui", "olaf", "cleo", "sol"])
def test_nobody_else_sees_the_list(signed_in: SignIn, cast: Cast, who: str) -> None:
    assert signed_in(cast[who]).get(PAGE).status_code == 403


def test_an_empty_register_says_so(rex: FlaskClient) -> None:
    assert "There are no entries like this." in text_of(rex.get(PAGE))
