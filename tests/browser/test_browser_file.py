"""HR checks a whole file in a browser: dropped, read, blinded, asked about; every number looked for in what left it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from registry.checks.models import Check
from registry.client import sample
from registry.db import Store
from registry.keys.holder import Holder
from registry.log import receipt as receipts
from registry.log.checkpoint import verifier_key
from registry.log.quorum import Policy
from registry.signing.keys import thumbprint
from tests.app_fixture import SECRETS, settings
from tests.browser.conftest import Site, fits, shoot
from tests.browser.traces import traces_of
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.listing import list_person, people

SignIn = Callable[[Person], None]
PEOPLE = people(6)
EVIL = "=cmd|' /C calc'!A1 <img src=x onerror=alert(1)> \u202egpj"
DONE = "6 people were asked about: 1 listed. 2 rows rejected, 1 the same as another row."

DROP = """async ([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, {type: 'text/csv', lastModified: 1}));
  const zone = document.getElementById('file');
  for (const kind of ['dragenter', 'dragover', 'drop'])
    zone.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def staff_file() -> str:
    lines = [f"姓名,{EVIL},身份证号", *(f"{EVIL},,{person.number}" for person in PEOPLE)]
    return "\r\n".join([*lines, f"又,,{PEOPLE[0].number}", "x,,1.1010519491231E+17", "", ""])


@pytest.fixture
def hana(page: Page, sign_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock) -> Page:
    list_person(store, holder, cast, PEOPLE[2], clock())
    sign_in(cast.hana)
    page.get_by_role("link", name="Check a file").first.click()
    return page


def fill(page: Page) -> None:
    page.get_by_label("Why do you ask?").select_option("hiring")
    page.get_by_label("We hold the signed consent of everybody").check()
    page.get_by_label("Where you keep the consents").fill("HR-2026-03/17")


def drop(page: Page, text: str, name: str = "staff.csv") -> None:
    page.evaluate(DROP, [text, name])
    expect(page.get_by_label("Column with the numbers")).to_be_visible()


def saved(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def stored(page: Page) -> bytes:
    kept: str = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])"
    )
    return kept.encode()


def test_a_file_is_checked_and_nothing_of_it_leaves_the_page(
    hana: Page, site: Site, store: Store, clock: MovingClock
) -> None:
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("alert").get_by_role("link")).to_have_text(
        [
            "Select why you ask.",
            "Confirm that you hold everybody’s consent.",
            "Enter where you keep the consents.",
            "Choose a file.",
        ]
    )
    shoot(hana, "file-problems")
    fill(hana)
    drop(hana, staff_file(), f"{EVIL}.csv")
    expect(hana.locator("#contents")).to_contain_text(f"{EVIL}.csv: 9 rows. 6 people to be asked about")
    shoot(hana, "file-read")
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("heading", name=DONE)).to_be_focused()
    expect(hana.get_by_role("row", name="4 hit: there is an entry")).to_be_visible()
    assert fits(hana)
    shoot(hana, "file-result")
    lines = list(csv.reader(saved(hana, "Save the results").decode("utf-8-sig").splitlines()))
    states = ["checked", "checked", "hit", "checked", "checked", "checked", "duplicate", "rejected", "rejected"]
    assert [(line[0], line[1]) for line in lines[1:]] == [(str(row), state) for row, state in enumerate(states, 2)]
    assert lines[8][3] == "A spreadsheet has rounded this number. Copy it from the document."
    rejected = list(csv.reader(saved(hana, "Save the rejected rows").decode("utf-8-sig").splitlines()))
    assert [line[0] for line in rejected[1:]] == ["8", "9", "10"]
    public = SECRETS.receipt_key.public_key()
    policy = Policy(verifier_key(settings().log_origin, SECRETS.log_key.public_key()))
    receipt = json.loads(saved(hana, "Save receipt 1 of 1"))
    assert receipts.verify_file(receipt, receipt_keys={thumbprint(public): public}, policy=policy).count == 6
    kept, sent = stored(hana), site.everything()
    assert EVIL.encode() not in sent
    for person in PEOPLE:
        assert not any(trace in kept or trace in sent for trace in traces_of("CN-RIC", person.number))
    for answer in receipt["answers"]:
        assert answer["tag"].encode() not in kept


@pytest.mark.long
def test_an_interrupted_file_goes_on_and_nobody_is_checked_twice(hana: Page, store: Store) -> None:
    def lost(route: Route) -> None:
        route.fetch()  # answered, and the answer never arrives
        route.abort()

    hana.route(re.compile("/check/checks$"), lost)
    fill(hana)
    drop(hana, staff_file())
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("alert")).to_contain_text("There was no answer", timeout=30_000)
    hana.unroute(re.compile("/check/checks$"))
    hana.reload()
    expect(hana.get_by_text("0 of 9 rows had their answer.")).to_be_visible()
    shoot(hana, "file-interrupted")
    hana.get_by_label("We hold the signed consent of everybody").check()
    drop(hana, staff_file())
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("heading", name=DONE)).to_be_focused()
    with store.read() as session:
        assert session.query(Check).count() == 6
    hana.reload()
    hana.get_by_label("We hold the signed consent of everybody").check()
    drop(hana, "姓名,身份证号\nx,1\n")
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("alert")).to_contain_text("There is nobody in this file")
    drop(hana, f"姓名,身份证号\nx,{PEOPLE[5].number}\n")
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("alert")).to_contain_text("This is another file")
    drop(hana, staff_file())
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("heading", name=DONE)).to_be_focused()
    saved(hana, "Fetch receipt 1 of 1 again")
    with store.read() as session:
        assert session.query(Check).count() == 6
    hana.reload()
    hana.get_by_role("button", name="Begin anew instead").click()
    assert hana.evaluate("localStorage.length") == 0


def test_what_cannot_be_read_says_so_and_a_column_can_be_chosen(hana: Page, site: Site) -> None:
    fill(hana)
    hana.evaluate(DROP, ['姓名,身份证号\n"x,1\n', "staff.csv"])
    expect(hana.get_by_role("alert")).to_contain_text("Row 2 has a quotation mark")
    drop(hana, f"<b>甲,乙\n{PEOPLE[0].number},{PEOPLE[1].number}\n")
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("alert")).to_contain_text("More than one column may hold the numbers.")
    hana.get_by_label("Column with the numbers").select_option("Column 1: <b>甲")
    expect(hana.locator("#contents")).to_contain_text("1 people to be asked about")
    assert not any("/check/evaluations" in head for head, _ in site.requests)


@pytest.mark.long
def test_not_one_number_of_five_thousand_leaves_the_page(hana: Page, site: Site) -> None:
    file = sample.staff_file(5_000, seed=11, malformed=0.01)
    hana.evaluate(
        """() => { window.seen = []; new MutationObserver(() => window.seen.push(document.getElementById('count')
          .textContent)).observe(document.getElementById('count'), {childList: true}) }"""
    )
    fill(hana)
    drop(hana, file.content.decode())
    hana.get_by_role("button", name="Check the file").click()
    expect(hana.get_by_role("heading", name=re.compile("people were asked about"))).to_be_visible(timeout=150_000)
    seen: list[Any] = hana.evaluate("window.seen")
    assert len(seen) > 10  # many a word on the way; how many a second is for scripts/bench/file_in_browser.py
    assert all("seconds are left" in text for text in seen)
    sent, kept = site.everything(), stored(hana)
    numbers = {truth.number for truth in file.truth if truth.number}
    assert len(numbers) > 4_500
    assert not [number for number in numbers if number.encode() in sent or number[6:].encode() in sent + kept]
    for number in sorted(numbers)[:40]:
        assert not any(trace in sent or trace in kept for trace in traces_of("CN-RIC", number))
