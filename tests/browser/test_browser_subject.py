"""The accused person: from the letter in hand to an appeal, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from registry.appeals import queries
from registry.appeals.rules import State
from registry.db import Store
from registry.identity.draw import NONCE_SIZE
from tests.accused import Accused
from tests.browser.conftest import Site, fits, shoot
from tests.browser.traces import traces_of
from tests.filing import NUMBER, OTHER_NUMBER

DOES_NOT_FIT = "Case number, code and identity number do not fit together"


def fill(page: Page, accused: Accused, number: str) -> None:
    page.get_by_label("Case number").fill(f" {accused.case_number.lower()} ")
    page.get_by_label("Code", exact=True).fill(accused.code)
    page.get_by_label("Number on the document").fill(number)
    page.get_by_role("button", name="Open the case").click()


@pytest.fixture
def opened(page: Page, accused: Accused) -> Page:
    """The person's page, after the match."""
    page.goto("/case")
    fill(page, accused, NUMBER)
    page.wait_for_url("**/case/file")
    return page


def test_the_letter_leads_to_the_case_and_the_number_never_leaves_the_page(
    page: Page, accused: Accused, site: Site
) -> None:
    page.goto("/")
    shoot(page, "start")
    assert fits(page)
    page.get_by_role("link", name="I have received a letter").first.click()
    shoot(page, "case")
    assert fits(page)
    fill(page, accused, NUMBER)
    page.wait_for_url("**/case/file")
    expect(page.get_by_role("heading", name=f"Your case {accused.case_number}")).to_be_visible()
    expect(page.get_by_text("Nothing is visible to any company while you can answer")).to_be_visible()
    shoot(page, "file")
    assert fits(page)
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])")
    for trace in traces_of("CN-RIC", NUMBER):
        assert trace not in site.everything()
        assert trace not in stored.encode()


def test_an_appeal_is_lodged_and_its_progress_shown(opened: Page, accused: Accused) -> None:
    opened.get_by_role("link", name="Appeal", exact=True).click()
    shoot(opened, "appeal")
    opened.get_by_role("button", name="Lodge the appeal").click()
    expect(opened.get_by_role("alert")).to_be_focused()
    expect(opened.get_by_role("alert").get_by_role("link")).to_have_count(2)
    assert opened.title() == "Error: Appeal – Zilu"
    shoot(opened, "appeal-problems")
    assert fits(opened)
    opened.get_by_label("It is not true").check()
    opened.get_by_label("What happened, in your own words").fill("I was on leave that month.\nAsk my manager.")
    opened.get_by_label("Urgent").check()
    opened.get_by_role("button", name="Lodge the appeal").click()
    opened.wait_for_url("**/case/file#appeals")
    expect(opened.get_by_role("heading", name="Appeal, lodged 2 March 2026")).to_be_visible()
    assert accused.appeal().state is State.LODGED
    with opened.expect_download() as download:
        opened.get_by_role("link", name="Save the signed timestamp").click()
    assert download.value.suggested_filename == f"{accused.case_number}-timestamp.jws"
    shoot(opened, "file-appeal")
    assert fits(opened)


def test_what_does_not_fit_is_one_sentence_and_a_slip_of_the_pen_costs_nothing(
    page: Page, accused: Accused, site: Site
) -> None:
    page.goto("/case")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_text(
        [
            "Enter the case number as it stands in the letter, for example ZL-7F3K-9QX2.",
            "Enter the code from the letter, 12 letters and digits.",
            "Enter the number on the document.",
        ]
    )
    shoot(page, "case-problems")
    fill(page, accused, NUMBER[:-1] + "1")
    expect(page.get_by_role("alert")).to_contain_text("The last character does not fit the others")
    assert not any("/case/match" in head for head, _ in site.requests)
    fill(page, accused, OTHER_NUMBER)
    expect(page.get_by_role("alert")).to_contain_text(DOES_NOT_FIT)
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("Code", exact=True).fill("0000-0000-0000")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("alert")).to_contain_text(DOES_NOT_FIT)
    for number in (NUMBER, OTHER_NUMBER):
        for trace in traces_of("CN-RIC", number):
            assert trace not in site.everything()


def test_the_number_for_the_draw_is_made_in_the_browser(opened: Page, accused: Accused, store: Store) -> None:
    accused.lodged().proofed().admitted().sequenced()
    opened.reload()
    expect(opened.get_by_text("Now your device adds a random number")).to_be_visible()
    shoot(opened, "draw")
    opened.get_by_role("button", name="Take part in the draw").click()
    expect(opened.get_by_text("Your random number is in the log.")).to_be_visible()
    with store.read() as session:
        row = queries.draw_of(session, accused.appeal().id)
    assert row is not None
    assert row.nonce is not None
    assert len(row.nonce) == NONCE_SIZE
    assert len(set(row.nonce)) > NONCE_SIZE // 2
    accused.decided_after(row.nonce, "void")
    opened.reload()
    expect(opened.get_by_text("You are cleared")).to_be_visible()
    shoot(opened, "file-decided")


def test_a_statement_is_made_once_the_identity_is_proven(opened: Page, accused: Accused) -> None:
    opened.get_by_role("link", name="Make a statement").click()
    expect(opened.get_by_text("a verifier has to confirm first who you are")).to_be_visible()
    accused.proofed()
    opened.reload()
    opened.get_by_label("Your statement").fill("It was not me.\n<img src=x onerror=alert(1)>")
    shoot(opened, "statement")
    opened.get_by_role("button", name="Save the statement").click()
    expect(opened.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    opened.get_by_role("button", name="Close the case").click()
    opened.goto("/case/file")
    expect(opened.get_by_role("heading", name="Open your case")).to_be_visible()


def test_without_the_script_the_page_says_so_and_sends_no_number(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/case")
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    page.locator("#number").fill(NUMBER)
    page.locator("#number").press("Enter")
    expect(page.get_by_role("button", name="Open the case")).to_be_disabled()
    context.close()
    for trace in traces_of("CN-RIC", NUMBER):
        assert trace not in site.everything()
