"""A candidate agrees by link, with real blinding and a key of their own; the number is looked for in all that left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from registry.checks.models import ConsentLink
from registry.checks.rules import LinkState
from registry.db import Store
from registry.keys.holder import Holder
from registry.signing import consent, jws
from tests.browser.conftest import Site, fits, shoot
from tests.browser.people import SEND, House, house  # noqa: F401 - a fixture
from tests.browser.traces import traces_of
from tests.browser.walk import LANGUAGES
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.web.test_web_consent import CANDIDATE, OTHER, SECRETS, TEXT, create
from tests.listing import tags_of


def test_a_candidate_reads_what_is_asked_and_agrees(
    page: Page, site: Site, store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    create(store, cast.hana, clock)
    page.goto(f"/consent#{SECRETS[0]}")
    expect(page.get_by_text(TEXT)).to_be_visible()
    expect(page.get_by_text("Birch", exact=True)).to_be_visible()
    shoot(page, "consent")
    assert fits(page)
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_text(
        ["Enter the number on the document.", "Confirm that you agree, or decline."]
    )
    page.get_by_label("I have read this and agree").check()
    page.get_by_label("Number on the document").fill(CANDIDATE.number)
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("You have agreed.")).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save what I have signed").click()
    claims = jws.parse(Path(download.value.path()).read_text(), typ=consent.CONSENT).payload
    (tag,), _ = tags_of(holder, [CANDIDATE], cast.hana.actor)
    with store.read() as session:
        link = session.query(ConsentLink).filter_by(state=LinkState.GRANTED).one()
        assert link.th == consent.th(claims["group"], tag)
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    for trace in traces_of("CN-RIC", CANDIDATE.number):
        assert trace not in site.everything()
        assert trace not in stored.encode()
    assert not any(SECRETS[0] in head for head, _body in site.requests)  # in no address, and no log of them
    page.reload()
    expect(page.get_by_text("This link was answered before.")).to_be_visible()
    page.goto("/policy")
    page.goto(f"/consent#{SECRETS[1]}")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("You have declined.")).to_be_visible()
    page.goto("/policy")
    page.goto(f"/consent#{SECRETS[1][::-1]}")
    expect(page.get_by_role("alert")).to_contain_text("This link is not known")


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_hr_asks_a_candidate_agrees_and_is_checked(house: House, cast: Cast, language: str) -> None:  # noqa: F811
    house.language = language
    hana = house.with_key(cast.hana, cast.bea)
    hana.goto("/check/consents")
    house.look(hana)
    hana.locator("main a.govuk-button").click()
    hana.locator("#text").fill("")
    house.refused(hana)
    hana.locator("#text").fill(TEXT)
    hana.locator("#purpose").select_option("hiring")
    hana.locator(SEND).click()
    expect(hana.locator("#made")).to_be_focused()
    house.look(hana)
    shoot(hana, f"consents-made-{language}")
    link = hana.locator("#links input").input_value()
    candidate = house.browser.new_page(base_url=house.site.url)
    candidate.goto(f"/consent#{link.partition('#')[2]}")
    candidate.locator("#number").fill(CANDIDATE.number)
    candidate.locator("#agree").check()
    candidate.locator("form#consent [type=submit]").click()
    expect(candidate.locator("#outcome")).to_be_focused()
    candidate.close()
    hana.locator("#group").click()
    house.look(hana)
    shoot(hana, f"consents-group-{language}")
    hana.locator("main a.govuk-button").click()
    for number, outcome in ((OTHER.number, "#problems"), (CANDIDATE.number, "#outcome")):
        hana.locator("#number").fill(number)
        hana.locator(SEND).click()
        expect(hana.locator(outcome)).to_be_focused()
        house.look(hana)
        shoot(hana, f"consents-{outcome[1:]}-{language}")
    hana.goto("/check/consents")
    house.look(hana)
    for person in (CANDIDATE, OTHER):
        assert not any(trace in house.site.everything() for trace in traces_of("CN-RIC", person.number))
