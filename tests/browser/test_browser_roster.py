"""The roster and the verifier at their own browsers: a screening, an identity confirmed, an appeal to its decision."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.accounts.actions import actor_of, open_account
from registry.accounts.rules import Role
from registry.appeals import draw, queries
from registry.appeals.rules import State
from registry.db import Store
from registry.keys.holder import Holder
from registry.reports.rules import State as ReportState
from tests.accused import Accused
from tests.browser.conftest import shoot
from tests.browser.people import SEND, House, house  # noqa: F401 - a fixture
from tests.browser.traces import traces_of
from tests.browser.walk import LANGUAGES
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.filing import NUMBER, OTHER_NUMBER, Filing

pytestmark = pytest.mark.long
both = pytest.mark.parametrize("language", LANGUAGES)
PAYLOAD = "<img src=x onerror=alert(1)> \u202egnp.exe " + "x" * 120


@both
def test_a_screener_reads_and_lets_a_report_through(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    holder: Holder,
    clock: MovingClock,
    language: str,
) -> None:
    filing = Filing(store, cast, holder, clock(), narrative=f"Sold. {PAYLOAD}").countersigned(clock())
    house.language = language
    sol = house.enter(cast.sol)
    sol.goto("/screening")
    house.look(sol)
    sol.get_by_role("link", name=filing.number).click()
    house.look(sol)
    shoot(sol, f"screening-{language}")
    house.refused(sol)
    sol.goto(f"/screening/{filing.id}/exhibits/1")
    expect(sol.locator(".watermark")).to_have_attribute(
        "data-mark", sol.locator(".watermark").get_attribute("data-mark")
    )
    house.look(sol)
    sol.goto(f"/screening/{filing.id}")
    sol.locator("[name=verdict][value=accept]").check()
    sol.locator("#reasons").fill("Complete and in scope.")
    sol.locator(SEND).click()
    sol.wait_for_url("**/screening")
    assert filing.report().state is ReportState.SCREENED


@both
def test_two_officers_confirm_and_three_panelists_decide(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    accused: Accused,
    clock: MovingClock,
    language: str,
) -> None:
    house.language = language
    accused.lodged()
    for officer in (cast.vera, second_officer(cast, store, clock)):
        at_the_counter(house, officer, accused)
    assert accused.appeal().state is State.PROOFED
    cleo = house.enter(cast.cleo)
    cleo.goto("/clerk")
    cleo.get_by_role("link", name=accused.case_number).click()
    house.look(cleo)
    cleo.goto(f"/clerk/appeals/{accused.appeal().id}/admission")
    house.refused(cleo)
    accused.admitted().sequenced()
    with store.write() as session:
        appeal = queries.get(session, accused.appeal().id)
        draw.draw(session, appeal, bytes(32), accused.holder, clock())
        seats = [seat.account_id for seat in queries.seats_of(session, appeal.id)]
    panel = [person for person in cast.values() if person.actor.id in seats]
    rui = house.with_key(cast.rui, cast.adam)
    rui.goto(f"/reports/appeals/{appeal.id}")
    house.look(rui)
    rui.locator(SEND).click()
    expect(rui.locator("#text")).to_have_attribute("aria-invalid", "true")
    rui.locator("#text").fill(f"It was them. {PAYLOAD}")
    rui.locator(SEND).click()
    expect(rui.locator("blockquote").get_by_text("It was them.")).to_be_visible()
    path = f"/panel/{appeal.id}"
    for place, person in enumerate(panel):
        page = house.enter(person)
        page.goto("/panel")
        page.get_by_role("link", name=accused.case_number).click()
        if place == 0:
            house.look(page)
            shoot(page, f"panel-{language}")
            page.goto(f"{path}/hearing")
            house.refused(page)
            page.locator("#notes").fill(f"Both were heard. {PAYLOAD}")
            page.locator(SEND).click()
            page.wait_for_url(f"**{path}")
        page.goto(f"{path}/vote")
        if place == 0:
            house.refused(page)
        page.locator("[name=choice][value=void]").check()
        page.locator("#reasons").fill(f"Not shown. {PAYLOAD}")
        page.locator(SEND).click()
        page.wait_for_url(f"**{path}")
        expect(page.get_by_text("Not shown.")).to_have_count(3 if place == 2 else 0)
        if place == 2:
            house.look(page)
            page.goto("/panel/interests")
            house.refused(page)
    assert accused.appeal().state is State.CLOSED


def second_officer(cast: Cast, store: Store, clock: MovingClock) -> Person:
    with store.write() as session:
        roles = [Role.VERIFIER]
        open_account(
            session, id="notary-2", member_id="notary", name="Vic", roles=roles, actor=cast.nora.actor, now=clock()
        )
        return Person("vic", actor_of(session, "notary-2"), None, None)


def at_the_counter(house: House, officer: Person, accused: Accused) -> None:  # noqa: F811
    """First with nothing, then with another person's document, then with the right one."""
    page = house.enter(officer)
    page.goto("/counter")
    page.locator(SEND).click()
    expect(page.locator("#problems li")).to_have_count(2)
    house.look(page)
    for number in (OTHER_NUMBER, NUMBER):
        page.locator("#case").fill(accused.case_number.lower())
        page.locator("#number").fill(number)
        page.locator(SEND).click()
        if number == OTHER_NUMBER:
            expect(page.locator("#problems li")).to_have_count(1)
    page.wait_for_url("**/counter/done/*")
    house.look(page)
    for number in (NUMBER, OTHER_NUMBER):
        for trace in traces_of("CN-RIC", number):
            assert trace not in house.site.everything()


def test_an_accredited_service_signs_an_attestation(house: House, cast: Cast, accused: Accused) -> None:  # noqa: F811
    accused.lodged()
    vera = house.with_key(cast.vera, cast.nora)
    vera.goto("/counter/attestation")
    house.look(vera)
    vera.locator("#case").fill(accused.case_number.lower())
    vera.locator("#number").fill(NUMBER)
    vera.locator(SEND).click()
    vera.wait_for_url("**/counter/done/1")
    assert accused.appeal().state is State.PROOFED
