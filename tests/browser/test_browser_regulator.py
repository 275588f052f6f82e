"""The regulator signs in, finds an entry and reads its life."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from registry.appeals.listing import list_due
from registry.db import Store
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.browser.conftest import fits, shoot
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.listing import list_person, people


def test_rex_finds_an_entry_and_reads_its_life(
    page: Page,
    sign_in: Callable[[Person], None],
    cast: Cast,
    accused: Accused,
    store: Store,
    holder: Holder,
    clock: MovingClock,
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
    for person in people(6):
        list_person(store, holder, cast, person, clock())
    accused.lodged().sequenced()
    sign_in(cast.rex)
    shoot(page, "home")
    page.get_by_role("link", name="Entries").first.click()
    expect(page.get_by_text("7 entries")).to_be_visible()
    shoot(page, "entries")
    assert fits(page)
    page.get_by_label("State").select_option("voided")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("There are no entries like this.")).to_be_visible()
    page.get_by_label("State").select_option("listed")
    page.get_by_label("Filed by").select_option("Acme")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=entry.id).click()
    expect(page.get_by_role("rowheader", name="Report filed")).to_be_visible()
    expect(page.get_by_text("disputed", exact=True)).to_be_visible()
    shoot(page, "entry")
    assert fits(page)
    page.get_by_role("button", name="Sign out").click()
    page.goto("/regulator/entries")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_public_pages_fit_a_telephone(page: Page) -> None:
    for path, name in (("/policy", "policy"), ("/sign-in", "sign-in"), ("/nothing", "not-found")):
        page.goto(path)
        shoot(page, name)
        assert fits(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    shoot(page, "sign-in-problems")
