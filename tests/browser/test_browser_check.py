"""HR checks one person in a browser; the number is looked for in all that left it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from registry.appeals.listing import list_due
from registry.base64url import encode
from registry.db import Store
from registry.identity import group
from registry.identity.document import parse
from registry.identity.voprf import hash_to_group
from registry.log import receipt as receipts
from registry.log.checkpoint import verifier_key
from registry.log.quorum import Policy
from registry.policy import RESPONSE_WINDOW
from registry.signing.keys import thumbprint
from tests.accused import Accused
from tests.app_fixture import SECRETS, settings
from tests.browser.conftest import Site, fits, shoot
from tests.browser.traces import traces_of
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.filing import NUMBER, OTHER_NUMBER

SignIn = Callable[[Person], None]


@pytest.fixture
def listed(accused: Accused, store: Store, clock: MovingClock) -> Accused:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=clock())
    return accused.sequenced()


@pytest.fixture
def hana(page: Page, sign_in: SignIn, cast: Cast, listed: Accused) -> Page:
    sign_in(cast.hana)
    page.get_by_role("link", name="Check a person").first.click()
    return page


def fill(page: Page, number: str) -> None:
    page.get_by_label("Why do you ask?").select_option("hiring")
    page.get_by_label("We hold this person’s signed consent").check()
    page.get_by_label("Where you keep the consent").fill("HR-2026-03/17")
    page.get_by_label("Number on the document").fill(number)


def ask(page: Page, number: str) -> None:
    fill(page, number)
    page.get_by_role("button", name="Check").click()


def test_a_listed_person_is_found_and_the_number_never_leaves_the_page(
    hana: Page, listed: Accused, site: Site, store: Store, cast: Cast
) -> None:
    shoot(hana, "check")
    ask(hana, f" {NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:].lower()} ")
    expect(hana.get_by_role("heading", name="There is an entry")).to_be_focused()
    expect(hana.get_by_text("That decides nothing yet.")).to_be_visible()
    expect(hana.get_by_text("Nobody with this number is listed")).to_be_hidden()
    expect(hana.get_by_label("Number on the document")).to_have_value("")
    shoot(hana, "check-entry")
    hana.get_by_role("button", name="Read the entry").click()
    expect(hana.get_by_role("heading", name="What the entry says")).to_be_visible()
    expect(hana.get_by_text("Sold customer data")).to_be_visible()
    shoot(hana, "hit")
    assert fits(hana)
    stored = hana.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    database = store.engine.url.database
    assert database
    files = b"".join(path.read_bytes() for path in Path(database).parent.glob("registry.db*"))
    for trace in traces_of("CN-RIC", NUMBER):
        assert trace not in site.everything()
        assert trace not in stored.encode()
        assert trace not in files
    assert len([head for head, _ in site.requests if "/check/checks" in head]) == 1


def test_somebody_else_is_not_listed_and_the_receipt_verifies(hana: Page, listed: Accused, site: Site) -> None:
    ask(hana, OTHER_NUMBER)
    expect(hana.get_by_role("heading", name="No entry")).to_be_focused()
    expect(hana.get_by_text("This is no certificate")).to_be_visible()
    shoot(hana, "check-no-entry")
    listed.sequenced()
    with hana.expect_download() as download:
        hana.get_by_role("button", name="Save the receipt").click()
    origin, public = settings().log_origin, SECRETS.receipt_key.public_key()
    proven = receipts.verify_file(
        json.loads(Path(download.value.path()).read_text()),
        receipt_keys={thumbprint(public): public},
        policy=Policy(verifier_key(origin, SECRETS.log_key.public_key())),
        member="birch",
    )
    assert proven.proven
    for trace in traces_of("CN-RIC", OTHER_NUMBER):
        assert trace not in site.everything()


def test_everything_that_is_missing_is_named_and_nothing_is_sent(hana: Page, site: Site) -> None:
    hana.get_by_role("button", name="Check").click()
    summary = hana.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_text(
        [
            "Select why you ask.",
            "Confirm that you hold the person’s consent.",
            "Enter where you keep the consent.",
            "Enter the number on the document.",
        ]
    )
    assert hana.title() == "Error: Check a person – Zilu"
    shoot(hana, "check-problems")
    assert fits(hana)
    summary.get_by_role("link").last.click()
    expect(hana.get_by_label("Number on the document")).to_be_focused()
    ask(hana, NUMBER[:-1] + "1")
    expect(summary.get_by_role("link")).to_have_text(
        ["The last character does not fit the others. Read the number once more."]
    )
    assert not any("/check/evaluations" in head for head, _ in site.requests)


def test_a_passport_needs_its_country(hana: Page, site: Site) -> None:
    expect(hana.get_by_label("Country of the passport")).to_be_hidden()
    fill(hana, "TK1234567")
    hana.get_by_label("Identity document").select_option("Passport")
    hana.get_by_role("button", name="Check").click()
    expect(hana.get_by_role("alert").get_by_role("link")).to_have_text(["Select the country of the passport."])
    hana.get_by_label("Country of the passport").select_option("JPN")
    hana.get_by_role("button", name="Check").click()
    expect(hana.get_by_role("heading", name="No entry")).to_be_visible()
    for trace in traces_of("PASSPORT:JPN", "TK1234567"):
        assert trace not in site.everything()


def test_an_answer_under_another_key_is_not_used(hana: Page, site: Site) -> None:
    other = encode(group.multiply_base(group.scalar_random()))
    hana.evaluate("key => { document.getElementById('check').dataset.publicKey = key }", other)
    ask(hana, NUMBER)
    expect(hana.get_by_role("alert")).to_contain_text("did not prove that it came from the registry’s own key")
    assert any("/check/evaluations" in head for head, _ in site.requests)
    assert not any("/check/checks" in head for head, _ in site.requests)


def test_a_session_that_ended_says_so(hana: Page, clock: MovingClock) -> None:
    clock.move(RESPONSE_WINDOW)
    ask(hana, NUMBER)
    expect(hana.get_by_role("alert")).to_contain_text("Sign in to see this page")


@pytest.mark.parametrize(
    "leak",
    [
        b"q=" + NUMBER.encode(),
        b"birth=" + NUMBER[6:].lower().encode(),
        b64encode(b'{"number":"' + NUMBER.encode() + b'"}'),
        NUMBER.encode().hex().encode(),
        NUMBER.encode("utf-16-le"),
        sha256(f"CN-RIC:{NUMBER}".encode()).digest(),
        sha256(NUMBER.encode()).hexdigest().encode(),
        int(NUMBER[:-1]).to_bytes(8, "big"),
        hash_to_group(parse(NUMBER).oprf_input),
    ],
)
def test_the_search_would_find_the_number(leak: bytes) -> None:
    assert any(trace in b"...." + leak + b"...." for trace in traces_of("CN-RIC", NUMBER))
