"""What comes after the filing: amended and confirmed, an annex inspected, incidents noted, a restraint lifted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from registry.amendments.models import Amendment
from registry.amendments.rules import State
from registry.db import Store
from registry.keys.holder import Holder
from registry.reports.models import Inspection
from registry.reports.rules import InspectionState
from registry.restraints import actions as restraints
from tests.browser.conftest import shoot
from tests.browser.people import SEND, House, house  # noqa: F401 - a fixture
from tests.browser.walk import LANGUAGES
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import ANNEXES, Filing, tag_of

pytestmark = pytest.mark.long
LONG = "Two files were counted twice. " + "x" * 90


@pytest.fixture
def filing(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Filing:
    return Filing(store, cast, holder, clock(), tag_of(holder), annexes=ANNEXES).noticed(clock())


def seen(house: House, page: Page, path: str, name: str) -> None:  # noqa: F811
    page.goto(path)
    house.look(page)
    shoot(page, f"{name}-{house.language}")


def press(page: Page) -> None:
    page.locator(SEND).first.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_amended_by_one_and_confirmed_by_another(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    filing: Filing,
    language: str,
) -> None:
    house.language = language
    rui, ana = house.with_key(cast.rui, cast.adam), house.with_key(cast.ana, cast.adam)
    report = f"/reports/{filing.id}"
    seen(house, rui, report, "amend-report")
    seen(house, rui, f"{report}/amendments/new", "amend-kinds")
    for kind in ("revision", "contest", "void", "correction"):
        seen(house, rui, f"{report}/amendments/new/{kind}", f"amend-{kind}")
        house.refused(rui)
    rui.locator("#level").select_option("1")
    rui.locator("#what").fill("There were 24 records, not 710.")
    rui.locator("#why").fill(LONG)
    press(rui)
    expect(rui.locator("#sign")).to_be_visible()
    house.look(rui)
    shoot(rui, f"amend-sign-{language}")
    rui.locator("main [type=submit]").last.click()
    expect(rui.locator("#why")).to_have_value(LONG)
    press(rui)
    expect(rui.locator("#sign")).to_be_visible()
    press(rui)
    rui.wait_for_url(f"**{report}")
    with store.read() as session:
        (row,) = session.query(Amendment)
    seen(house, ana, "/reports", "amend-desk")
    ana.locator(f"a[href$='/amendments/{row.id}']").click()
    ana.wait_for_url(f"**/amendments/{row.id}")
    house.look(ana)
    shoot(ana, f"amend-confirm-{language}")
    press(ana)
    ana.wait_for_url(f"**{report}")
    house.look(ana)
    with store.read() as session:
        (row,) = session.query(Amendment)
    assert row.state is State.IN_FORCE
    seen(house, ana, f"{report}/amendments/{row.id}", "amend-confirmed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_annex_is_inspected_under_a_clerks_eyes_and_signed_for_by_two(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    filing: Filing,
    language: str,
) -> None:
    house.language = language
    cleo, sol = house.enter(cast.cleo), house.enter(cast.sol)
    seen(house, cleo, f"/clerk/cases/{filing.number}", "inspection-case")
    cleo.locator("a[href*='/inspections/new/']").click()
    house.look(cleo)
    house.refused(cleo)
    shoot(cleo, f"inspection-begin-{language}")
    cleo.locator("[name=exhibit]").check()
    cleo.locator("[name=inspector][value=subject]").check()
    cleo.locator("#place").fill("3")
    press(cleo)
    cleo.locator("a[href$='/annex']").click()
    expect(cleo.get_by_text("Zhao Liu")).to_be_visible()
    house.look(cleo)
    shoot(cleo, f"inspection-annex-{language}")
    cleo.locator("a[href$='/end']").click()
    house.refused(cleo)
    cleo.locator("#remarks").fill("They read it in silence.")
    press(cleo)
    cleo.wait_for_url("**/inspections/*")
    house.look(cleo)
    sol.goto("/home")
    sol.locator("main a[href='/inspections']").click()
    house.look(sol)
    shoot(sol, f"inspections-{language}")
    sol.locator("main th a").click()
    shoot(sol, f"inspection-{language}")
    sol.locator("a[href$='/signature']").click()
    house.refused(sol)
    sol.locator("#confirmed").check()
    press(sol)
    sol.wait_for_url("**/inspections/*")
    house.look(sol)
    with store.read() as session:
        assert session.query(Inspection).one().state is InspectionState.SIGNED


@pytest.mark.parametrize("language", LANGUAGES)
def test_incidents_are_noted_and_a_restraint_is_lifted(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    clock: MovingClock,
    language: str,
) -> None:
    house.language = language
    with store.write() as session:
        restraints.impose(session, member_id="acme", decided=10, overturned=3, now=clock())
    rui, rex = house.enter(cast.rui), house.enter(cast.rex)
    seen(house, rui, "/incidents", "incidents-none")
    house.refused(rui)
    rui.locator("#reference").fill("INC-7 " + "x" * 60)
    rui.locator("#text").fill(LONG)
    press(rui)
    expect(rui.get_by_text(LONG)).to_be_visible()
    seen(house, rui, "/incidents", "incidents")
    seen(house, rui, "/home", "restrained-home")
    seen(house, rui, "/restraints", "restrained")
    seen(house, rex, "/restraints", "restraints")
    rex.locator("main a[href$='/lifting']").click()
    house.look(rex)
    shoot(rex, f"restraint-lift-{language}")
    house.refused(rex)
    rex.locator("#reasons").fill("They have trained their people.")
    press(rex)
    rex.wait_for_url("**/restraints")
    house.look(rex)
