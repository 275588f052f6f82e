from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from registry.appeals.listing import list_due
from registry.db import Store
from registry.entries.models import Entry
from registry.log.models import Act
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.pages import text_of


@pytest.fixture
def entry(accused: Accused, store: Store, clock: MovingClock) -> Entry:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
    return entry


@pytest.fixture
def rex(signed_in: SignIn, cast: Cast, entry: Entry) -> FlaskClient:
    return signed_in(cast.rex)


def test_the_whole_life_of_an_entry_is_shown_in_order(rex: FlaskClient, entry: Entry, accused: Accused) -> None:
    text = text_of(rex.get(f"/regulator/entries/{entry.id}"))
    steps = [
        "Report filed acme-security report: filed",
        "Report countersigned acme-approver report: filed → countersigned",
        "Report screened screener",
        "Letter opened to be printed clerk notice: drafted → printed",
        "Letter served clerk notice: printed → served, report: screened → noticed",
        "Entry listed the registry (listing) entry: listed, report: noticed → listed",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert accused.case_number in text
    assert "The courier exported customers' addresses" in text


def test_each_act_has_its_place_in_the_log(rex: FlaskClient, entry: Entry, accused: Accused, store: Store) -> None:
    path = f"/regulator/entries/{entry.id}"
    assert 'data-label="Place in the log">not yet<' in rex.get(path).text
    accused.sequenced()
    shown = [int(place) for place in re.findall(r'data-label="Place in the log">(\d+)<', rex.get(path).text)]
    with store.read() as session:
        acts = session.query(Act).filter_by(case_id=accused.case_id).filter(Act.position.is_not(None))
        assert shown == [act.position for act in acts.order_by(Act.id)]
    assert len(shown) >= 6


def test_the_regulators_own_reading_stands_in_the_life_of_the_entry(rex: FlaskClient, entry: Entry) -> None:
    path = f"/regulator/entries/{entry.id}"
    assert "Read by the regulator" not in text_of(rex.get(path))
    assert "Read by the regulator inspector" in text_of(rex.get(path))


def test_no_tag_stands_on_the_page(rex: FlaskClient, entry: Entry, accused: Accused) -> None:
    text = rex.get(f"/regulator/entries/{entry.id}").text
    assert accused.filing.payload["sub"] not in text
    assert entry.handle.hex() not in text


def test_an_unknown_reference_is_not_found(rex: FlaskClient) -> None:
    assert rex.get("/regulator/entries/0").status_code == 404


@pytest.mark.parametrize("who", ["olaf", "cleo", "sol"])
def test_nobody_else_reads_it(signed_in: SignIn, cast: Cast, entry: Entry, who: str) -> None:
    assert signed_in(cast[who]).get(f"/regulator/entries/{entry.id}").status_code == 403


@pytest.mark.parametrize("who", ["hana", "rui"])
def test_members_have_their_own_ways_to_what_they_filed_or_were_shown(
    signed_in: SignIn, cast: Cast, entry: Entry, who: str
) -> None:
    assert signed_in(cast[who]).get(f"/regulator/entries/{entry.id}").status_code == 403
