"""A sealed annex is looked at under a clerk's eyes: begun, opened, ended, signed for by two, and told afterwards."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from registry import policy
from registry.db import Store
from registry.keys.holder import Holder
from registry.reports.models import Inspection
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import ANNEX, ANNEXES, Filing, tag_of
from tests.pages import problems_of, submit, text_of

BEGUN = {"exhibit": "1", "inspector": "subject", "place": "Room 3"}


@pytest.fixture
def filing(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Filing:
    return (
        Filing(store, cast, holder, clock(), tag_of(holder), annexes=ANNEXES).countersigned(clock()).screened(clock())
    )


@pytest.fixture
def cleo(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.cleo)


def begin(cleo: FlaskClient, filing: Filing, **said: str) -> str:
    page = submit(cleo, f"/inspections/new/{filing.number}", {**BEGUN, **said})
    assert re.fullmatch("/inspections/[0-9a-f]{32}", page.location or ""), problems_of(page)
    return str(page.location)


def test_it_is_held_by_one_signed_by_another_and_told_to_those_on_the_case(
    cleo: FlaskClient, filing: Filing, signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock
) -> None:
    case = f"/clerk/cases/{filing.number}"
    assert f"/inspections/new/{filing.number}" in cleo.get(case).text
    held = begin(cleo, filing)
    assert held in cleo.get("/inspections").text
    assert "Looks at it the accused person Where Room 3 Under the eyes of clerk" in text_of(cleo.get(held))
    assert "Zhao Liu" in text_of(cleo.get(f"{held}/annex"))
    assert cleo.get(f"{held}/annex/file").data == ANNEX
    sol = signed_in(cast.sol)
    assert held not in sol.get("/inspections").text
    assert sol.get(f"{held}/annex").status_code == 403
    assert problems_of(submit(cleo, f"{held}/end", {})) == ["Enter how it was."]
    assert submit(cleo, f"{held}/end", {"remarks": "They read it in silence."}).location == held
    assert cleo.get(f"{held}/annex").status_code == 409
    assert submit(cleo, f"{held}/signature", {"confirmed": "y"}).status_code == 403
    for other in (cast.sol, cast.vera):
        page = signed_in(other)
        assert held in page.get("/inspections").text
        assert "They read it in silence." in text_of(page.get(f"{held}/signature"))
    assert problems_of(submit(sol, f"{held}/signature", {})) == ["Tick that you were there."]
    assert submit(sol, f"{held}/signature", {"confirmed": "y"}).location == held
    assert "signed by two" in text_of(sol.get(held))
    again = submit(signed_in(cast.vera), f"{held}/signature", {"confirmed": "y"})
    assert again.status_code == 422
    for client, where in ((signed_in(cast.rui), f"/reports/{filing.id}"), (cleo, case)):
        assert "Signed as the second by screener, 2 March 2026" in text_of(client.get(where))
    clock.move(policy.INSPECTION_LIFE)
    with store.read() as session:
        assert session.query(Inspection).one().signed_by == "screener"


def test_who_may_look_is_offered_and_nobody_else(
    cleo: FlaskClient, filing: Filing, signed_in: SignIn, cast: Cast, clock: MovingClock
) -> None:
    path = f"/inspections/new/{filing.number}"
    assert "inspector" in cleo.get(path).text
    wrong: tuple[tuple[dict[str, str], str], ...] = (
        ({"inspector": "acme-security"}, "Select who looks at it."),
        ({"inspector": ""}, "Select who looks at it."),
        ({"exhibit": "2"}, "Select the exhibit."),
        ({"place": ""}, "Enter the place."),
        ({"place": "Room 11010519491231002X"}, "Place must not hold"),
    )
    for said, problem in wrong:
        page = submit(cleo, path, {**BEGUN, **said})
        assert page.status_code == 422
        assert problems_of(page)[0].startswith(problem)
    assert cleo.get("/inspections/new/ZL-0000-0000").status_code == 404
    for other in (cast.sol, cast.rui, cast.rex):
        assert signed_in(other).get(path).status_code == 403
    held = begin(cleo, filing, inspector="inspector")
    clock.move(policy.INSPECTION_LIFE)
    late = signed_in(cast.cleo)
    assert late.get(f"{held}/annex").status_code == 409
    assert "The time to look is over." in text_of(late.get(held))


def test_a_case_without_an_annex_says_so(
    cleo: FlaskClient, store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    bare = Filing(store, cast, holder, clock(), tag_of(holder)).countersigned(clock()).screened(clock())
    for path in (f"/clerk/cases/{bare.number}", f"/inspections/new/{bare.number}"):
        assert "No exhibit of this case has a sealed annex." in text_of(cleo.get(path))
