"""A report from the first line to the screener: drafted, signed in the browser, countersigned by a second person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from registry.accounts.models import UserSession
from registry.db import Store
from registry.log.actions import record
from registry.reports.models import Report
from registry.reports.rules import State
from tests.browser.conftest import shoot
from tests.browser.people import SEND, House, fingerprint_of, house  # noqa: F401 - a fixture
from tests.browser.traces import traces_of
from tests.browser.walk import LANGUAGES
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import EXHIBIT, NUMBER, OTHER_NUMBER

pytestmark = pytest.mark.long
PAYLOAD = "<img src=x onerror=alert(1)> \u202egnp.exe " + "x" * 120
ALERT = "[role=alert]:visible"


def fill(page: Page, **fields: str) -> None:
    for id, value in fields.items():
        page.locator(f"#{id}").fill(value)


def day(page: Page, id: str, year: str, month: str, day_of_month: str) -> None:
    for end, value in (("", year), ("-month", month), ("-day", day_of_month)):
        page.locator(f"#{id}{end}").fill(value)


def pick(page: Page, name: str, value: str) -> None:
    page.locator(f"[name={name}][value={value}]").check()


def write(page: Page, house: House, draft: str, folder: Path) -> None:  # noqa: F811
    """Every step, first with nothing in it."""

    def step(name: str) -> None:
        page.goto(f"{draft}/steps/{name}")
        house.look(page)
        if name != "proof":
            house.refused(page)

    step("offence")
    for name, value in (("offence", "sale"), ("staff", "employee"), ("basis", "B")):
        pick(page, name, value)
    save(page, draft)
    step("act")
    pick(page, "gravity_kind", "transaction")
    fill(page, gravity_records="710", gravity_gain_cny="900")
    day(page, "period_from", "2026", "1", "20")
    day(page, "period_to", "2026", "2", "21")
    save(page, draft)
    step("found")
    day(page, "found_on", "2026", "2", "25")
    fill(page, found_how="The access log.", measure="Dismissed.", breach_notice_none="No customer can be harmed.")
    save(page, draft)
    step("narrative")
    fill(page, narrative=f"Sold addresses. {PAYLOAD}")
    save(page, draft)
    step("proof")
    for part in ("police", "dismissal"):
        fill(page, **{f"{part}_reference": "R-1"})
        day(page, f"{part}_date", "2026", "2", "26")
    save(page, draft)
    step("term")
    fill(page, term_days="365", reasons="Repeated, and for gain.")
    save(page, draft)
    step("contact")
    fill(page, contact_name=f"王小明 {PAYLOAD}"[:70], contact_address="北京市\n幸福路 1 号")
    pick(page, "contact_language", "zh")
    save(page, draft)
    page.goto(f"{draft}/exhibits")
    house.look(page)
    house.refused(page)
    (folder / "=1+1 <b>.csv").write_bytes(EXHIBIT)
    (folder / "bad.zip").write_bytes(b"PK\3\4")
    page.locator("#files").set_input_files([folder / "=1+1 <b>.csv", folder / "bad.zip"])
    page.locator(SEND).last.click()
    expect(page.locator("[role=alert]")).to_be_focused()
    expect(page.get_by_text("=1+1 <b>.csv")).to_be_visible()
    house.look(page)
    for part in ("annexes", "witnesses"):
        page.goto(f"{draft}/{part}")
        house.look(page)
        house.refused(page)
    page.goto(f"{draft}/facts/1")
    house.refused(page)
    fill(page, text=f"Exported. {PAYLOAD}")
    page.locator("[name=exhibits]").check()
    page.locator(SEND).click()
    page.wait_for_url("**/facts")
    house.look(page)


def save(page: Page, draft: str) -> None:
    page.locator(SEND).click()
    page.wait_for_url(f"**{draft}")


def enrolled(house: House, page: Page, adam: Page, account: str) -> None:  # noqa: F811
    """The key is made on the one page and confirmed on the other; both show the same fingerprint."""
    x = house.make_key(page)
    house.look(page)
    shown = page.locator("#fingerprint").inner_text()
    assert shown == fingerprint_of(x)
    adam.goto("/member/keys")
    house.refused(adam)
    adam.locator("#account").select_option(account)
    fill(adam, key=x)
    adam.locator(SEND).first.click()
    expect(adam.get_by_text(shown)).to_be_visible()
    house.look(adam)
    adam.locator("#compared").check()
    adam.locator(SEND).first.click()
    expect(adam.locator("table").get_by_text(shown)).to_be_visible()
    page.reload()
    expect(page.locator("#key-enrolled")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_written_signed_and_countersigned(
    house: House,  # noqa: F811
    cast: Cast,
    store: Store,
    tmp_path: Path,
    language: str,
) -> None:
    house.language = language
    rui, ana, adam = house.enter(cast.rui), house.enter(cast.ana), house.enter(cast.adam)
    rui.goto("/reports")
    house.look(rui)
    rui.locator("main form [type=submit]").click()
    rui.wait_for_url("**/reports/drafts/*")
    draft = rui.evaluate("location.pathname")
    house.look(rui)
    write(rui, house, draft, tmp_path)
    rui.goto(draft)
    shoot(rui, f"draft-{language}")
    rui.goto(f"{draft}/check")
    house.look(rui)
    shoot(rui, f"draft-check-{language}")
    rui.goto(f"{draft}/sign")
    rui.locator(SEND).click()
    expect(rui.locator(ALERT)).to_be_focused()  # no number
    house.look(rui)
    fill(rui, number=NUMBER)
    rui.locator(SEND).click()
    expect(rui.locator("#problems li")).to_have_count(1)  # no key
    house.look(rui)
    for page, account in ((rui, "acme-security"), (ana, "acme-approver")):
        enrolled(house, page, adam, account)
    rui.goto(f"{draft}/sign")
    shoot(rui, f"sign-{language}")
    fill(rui, number=NUMBER)
    rui.locator(SEND).click()
    rui.wait_for_url(re.compile(r"/reports/[0-9a-f]{32}$"))
    house.look(rui)
    with store.read() as session:
        (report,) = session.query(Report)
    rui.go_back()  # the way back files nothing twice
    ana.goto("/reports")
    house.look(ana)
    ana.goto(f"/reports/{report.id}/countersignature")
    house.look(ana)
    shoot(ana, f"countersign-{language}")
    fill(ana, number=OTHER_NUMBER)
    ana.locator(SEND).click()
    expect(ana.locator("#problems li")).to_have_count(1)
    expect(ana.locator("#number")).to_have_attribute("aria-invalid", "true")
    house.look(ana)
    fill(ana, number=NUMBER)
    ana.locator(SEND).click()
    ana.wait_for_url(f"**/reports/{report.id}")
    with store.read() as session:
        (report,) = session.query(Report)
    assert report.state is State.COUNTERSIGNED
    for number in (NUMBER, OTHER_NUMBER):
        for trace in traces_of("CN-RIC", number):
            assert trace not in house.site.everything()


def test_what_was_typed_outlives_the_session(house: House, cast: Cast, store: Store, clock: MovingClock) -> None:  # noqa: F811
    """Signed out while writing: nothing is sent, nothing is lost; signed in beside it, the same press saves."""
    rui = house.enter(cast.rui)
    rui.goto("/reports")
    rui.locator("main form [type=submit]").click()
    rui.wait_for_url("**/reports/drafts/*")
    draft = rui.evaluate("location.pathname")
    rui.goto(f"{draft}/steps/narrative")
    fill(rui, narrative="An hour of writing.")
    with store.write() as session:
        for row in session.query(UserSession):
            row.revoked_at = clock()
        record(session, "session.revoke", actor="olaf", now=clock())
    rui.locator(SEND).click()
    expect(rui.locator("#session-ended")).to_be_focused()
    expect(rui.locator("#narrative")).to_have_value("An hour of writing.")
    house.look(rui)
    beside = rui.context.new_page()
    house.sign_in(beside, cast.rui)
    rui.locator(SEND).click()
    rui.wait_for_url(f"**{draft}")
    rui.goto(f"{draft}/steps/narrative")
    expect(rui.locator("#narrative")).to_have_value("An hour of writing.")
