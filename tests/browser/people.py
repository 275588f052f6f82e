"""Several people at their own browsers, each signed in, each speaking the language of the walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from registry.accounts.models import Account
from registry.db import Store
from registry.keys.actions import enrol
from registry.log.actions import record
from registry.signing import keys
from tests.browser.conftest import WATCH, Site, Watched
from tests.browser.walk import look, speak
from tests.cast import PASSWORD, Cast, Person
from tests.conftest import MovingClock

SIZES = {"en": {"width": 1200, "height": 900}, "zh-Hans": {"width": 390, "height": 780}}
SEND = "main form [type=submit]:enabled"


@dataclass
class House:
    """`house.enter(cast.rui)` is their page, in the walk's language and at its width."""

    browser: Browser
    site: Site
    store: Store
    cast: Cast
    now: datetime
    hashed: str
    language: str = "en"
    windows: list[Watched] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def enter(self, person: Person) -> Page:
        context = self.browser.new_context(
            base_url=self.site.url,
            viewport=SIZES[self.language],  # type: ignore[arg-type]
            locale="en-GB",
        )
        context.add_init_script(WATCH)
        self.windows.append(Watched(context))
        page = self.windows[-1].open()
        with self.store.write() as session:
            session.get_one(Account, person.actor.id).password = self.hashed
            record(session, "account.password", actor="olaf", now=self.now)
        self.sign_in(page, person)
        speak(page, self.language)
        return page

    def sign_in(self, page: Page, person: Person) -> None:
        page.goto("/sign-in")
        page.locator("#account").fill(person.actor.id)
        page.locator("#password").fill(PASSWORD)
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/home")

    def with_key(self, person: Person, admin: Person) -> Page:
        """Their page, with a key in the browser that their administrator has enrolled."""
        page = self.enter(person)
        x = self.make_key(page)
        with self.store.write() as session:
            jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
            enrol(session, actor=admin.actor, account_id=person.actor.id, jwk=jwk, now=self.now)
        return page

    def make_key(self, page: Page) -> str:
        page.goto("/signing-key")
        page.locator(SEND).click()
        expect(page.locator("#key-here")).to_be_focused()
        return page.locator("#public-key").inner_text()

    def look(self, page: Page) -> None:
        """Nothing for axe-core to find, wide and narrow; then back to the walk's width."""
        page.wait_for_load_state("load")
        self.wrong += look(page)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(SIZES[self.language])  # type: ignore[arg-type]

    def refused(self, page: Page) -> None:
        """The form of the page with nothing in it: its summary takes the focus."""
        page.locator(SEND).first.click()
        expect(page.get_by_role("alert").first).to_be_focused()
        self.look(page)

    def close(self) -> list[str]:
        for window in self.windows:
            window.context.close()
        return [*self.wrong, *(trouble for window in self.windows for trouble in window.troubles)]


Open = Callable[[str], House]


@pytest.fixture
def house(browser: Browser, site: Site, store: Store, cast: Cast, clock: MovingClock, hashed: str) -> Iterator[House]:
    """Fails the test when a script failed, a policy had to step in, or axe-core found something."""
    house = House(browser, site, store, cast, clock(), hashed)
    yield house
    troubles = house.close()
    assert not troubles, "\n".join(troubles)


def fingerprint_of(x: str) -> str:
    return keys.fingerprint(keys.thumbprint(keys.from_jwk({"crv": "Ed25519", "kty": "OKP", "x": x})))
