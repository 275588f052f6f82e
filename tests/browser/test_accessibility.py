"""Every page and every error state, in both languages: nothing for axe-core to find, nothing that overflows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from registry.appeals.listing import list_due
from registry.db import Store
from registry.entries.models import Entry
from registry.notices.models import Notice
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.browser.conftest import Site, shoot
from tests.browser.walk import LANGUAGES, look, speak
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.functional.web.test_web_consent import SECRETS, TEXT, create
from tests.functional.web.test_web_recusal import seated

pytestmark = pytest.mark.long
SignIn = Callable[[Person], None]
both = pytest.mark.parametrize("language", LANGUAGES)


def send_empty(page: Page) -> None:
    """The form of the page with nothing in it: its summary has the focus."""
    page.locator("main [type=submit]:enabled").first.click()
    expect(page.get_by_role("alert")).to_be_focused()


@both
def test_what_everybody_sees(page: Page, accused: Accused, language: str) -> None:
    accused.lodged().proofed().admitted().sequenced().decided("void")
    page.goto("/")
    speak(page, language)
    wrong = []
    for path in ("/", "/policy", "/decisions", "/statistics", "/nothing", "/sign-in", "/case"):
        page.goto(path)
        shoot(page, f"public{path.replace('/', '-')}-{language}")
        wrong += look(page)
        if path in ("/sign-in", "/case"):
            send_empty(page)
            wrong += look(page)
    assert wrong == []


@both
def test_what_a_checker_sees(page: Page, sign_in: SignIn, cast: Cast, accused: Accused, language: str) -> None:
    sign_in(cast.hana)
    speak(page, language)
    wrong = look(page)
    for path in ("/check", "/check/file"):
        page.goto(path)
        wrong += look(page)
        send_empty(page)
        wrong += look(page)
    for path in ("/check/history", "/check/decisions", "/check/watches"):
        page.goto(path)
        wrong += look(page)
    assert wrong == []


@both
def test_what_the_accused_person_sees(page: Page, accused: Accused, language: str) -> None:
    page.goto("/case")
    page.locator("#case").fill(accused.case_number)
    page.locator("#code").fill(accused.code)
    page.locator("#number").fill(NUMBER)
    page.locator("main [type=submit]").click()
    page.wait_for_url("**/case/file")
    accused.proofed()
    speak(page, language)
    wrong = look(page)
    for path in ("/case/appeal", "/case/statement"):
        page.goto(path)
        wrong += look(page)
        send_empty(page)
        wrong += look(page)
    page.goto("/case/checks")
    wrong += look(page)
    assert wrong == []


@both
def test_what_the_accused_person_says_of_the_panel_and_the_registry_office_of_it(
    page: Page, site: Site, sign_in: SignIn, cast: Cast, accused: Accused, store: Store, language: str
) -> None:
    with store.read() as session:
        letter = session.query(Notice).one().id
    seated(accused)
    page.context.add_cookies([{"name": "zilu-case", "value": accused.session_token(), "url": site.url}])
    page.goto("/case/file")
    speak(page, language)
    wrong = look(page)
    page.goto("/case/contact")
    wrong += look(page)
    page.locator("#email").fill("ming")
    send_empty(page)
    wrong += look(page)
    page.goto("/case/recusal")
    wrong += look(page)
    send_empty(page)
    wrong += look(page)
    page.locator("#seat").check()
    page.locator("textarea").fill("My cousin.")
    page.locator("main [type=submit]").click()
    page.wait_for_url("**/case/file**")
    page.goto("/language/en?next=/sign-in")
    sign_in(cast.cleo)
    speak(page, language)
    appeal, case = f"/clerk/appeals/{accused.appeal().id}", f"/clerk/cases/{accused.case_number}"
    for path in ("/clerk", "/recusals", appeal, case, f"/clerk/letters/{letter}"):
        page.goto(path)
        wrong += look(page)
    challenge = page_of_challenge(page)
    for path in (
        f"/clerk/letters/{letter}/service",
        f"/clerk/letters/{letter}/attempt",
        f"/clerk/letters/{letter}/replacement",
        f"{appeal}/admission",
        f"{case}/extension",
        challenge,
    ):
        page.goto(path)
        wrong += look(page)
        send_empty(page)
        wrong += look(page)
    page.locator("#verdict").check()
    page.locator("textarea").fill("They are related.")
    page.locator("main [type=submit]").click()
    page.locator("blockquote").nth(1).wait_for()
    wrong += look(page)
    assert wrong == []


def page_of_challenge(page: Page) -> str:
    page.goto("/recusals")
    return page.locator("main li a").get_attribute("href") or ""


@both
def test_the_consent_of_a_candidate(
    page: Page, sign_in: SignIn, cast: Cast, store: Store, clock: MovingClock, language: str
) -> None:
    create(store, cast.hana, clock)
    page.goto("/policy")
    speak(page, language)
    page.goto(f"/consent#{SECRETS[0]}")
    expect(page.get_by_text(TEXT)).to_be_visible()
    wrong = look(page)
    send_empty(page)
    wrong += look(page)
    page.goto("/language/en?next=/sign-in")
    sign_in(cast.hana)
    speak(page, language)
    for path in ("/check/consents", "/check/receipt"):
        page.goto(path)
        wrong += look(page)
    page.locator("#file").set_input_files({"name": "no.json", "mimeType": "application/json", "buffer": b"{}"})
    send_empty(page)
    wrong += look(page)
    assert wrong == []


@both
def test_the_units_of_a_member_at_any_width(page: Page, sign_in: SignIn, cast: Cast, language: str) -> None:
    sign_in(cast.bea)
    page.goto("/member/units")
    speak(page, language)
    wrong = look(page)
    page.set_viewport_size({"width": 1000, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    send_empty(page)
    wrong += look(page)
    assert wrong == []


@both
def test_what_the_regulator_sees(
    page: Page, sign_in: SignIn, cast: Cast, accused: Accused, store: Store, clock: MovingClock, language: str
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=clock())
    sign_in(cast.rex)
    speak(page, language)
    with store.read() as session:
        entry = session.query(Entry).one()
    wrong = []
    of_entry = f"/regulator/entries/{entry.id}"
    for path in ("/regulator/entries", of_entry, of_entry + "/shown", "/regulator/findings", "/regulator/statistics"):
        page.goto(path)
        wrong += look(page)
    for path in ("/regulator/sample", f"/regulator/findings/new?entry={entry.id}"):
        page.goto(path)
        wrong += look(page)
        send_empty(page)
        wrong += look(page)
    page.locator("textarea").fill("Explain how this came about.")
    page.locator("main [type=submit]").click()
    page.get_by_role("blockquote").wait_for()
    wrong += look(page)
    page.goto("/regulator/reads")
    wrong += look(page)
    assert wrong == []


@both
def test_what_the_operator_sees(page: Page, sign_in: SignIn, cast: Cast, language: str) -> None:
    sign_in(cast.olaf)
    speak(page, language)
    wrong = look(page)
    for path in ("/operator/members", "/operator/members/acme", "/operator/health", "/operator/keys"):
        page.goto(path)
        wrong += look(page)
    for path in ("/operator/members/new", "/operator/members/acme/administrators/new"):
        page.goto(path)
        wrong += look(page)
        send_empty(page)
        wrong += look(page)
    assert wrong == []
