"""The regulator looks closer: proofs, to whom it was shown, samples, findings, figures, exports, own reading."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from io import StringIO

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from registry import base64url, policy
from registry.appeals.listing import list_due
from registry.audit.figures import Asked
from registry.checks.actions import details
from registry.checks.models import Check
from registry.db import Store
from registry.entries.actions import suspend
from registry.entries.models import Entry
from registry.findings import actions as findings
from registry.findings.models import Finding
from registry.identity import document
from registry.keys.holder import Holder
from registry.log import leaf, proof
from registry.log.checkpoint import parse_vkey
from registry.log.models import Act
from registry.log.quorum import Policy
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports.models import ReportVersion
from registry.web.regulator.sample import draw
from registry.web.regulator.statistics import CHARTS
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.listing import check
from tests.pages import problems_of, submit, text_of, token_of


@pytest.fixture
def entry(accused: Accused, store: Store, clock: MovingClock) -> Entry:
    clock.move(policy.RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
    return entry


@pytest.fixture
def rex(signed_in: SignIn, cast: Cast, entry: Entry) -> FlaskClient:
    return signed_in(cast.rex)


def verdicts(page: str) -> list[str]:
    return re.findall(r'data-label="Verified"><strong class="govuk-tag[^>]*>\s*([^<]+?)\s*<', page)


def test_every_act_and_signature_is_verified_in_front_of_the_reader(
    rex: FlaskClient, entry: Entry, accused: Accused
) -> None:
    path = f"/regulator/entries/{entry.id}"
    assert "not published yet" in verdicts(rex.get(path).text)
    accused.sequenced()
    page = rex.get(path)
    text, found = text_of(page), verdicts(page.text)
    assert set(found) == {"holds"}
    assert re.search(r"Report acme-security [0-9a-z ]+ \d+ \d+ holds", text, re.I)
    assert re.search(r"Countersignature acme-approver", text)
    assert "something does not hold" not in text


@pytest.mark.parametrize("what", ["signature", "record", "key"])
def test_what_was_tampered_with_does_not_hold(
    rex: FlaskClient, entry: Entry, accused: Accused, store: Store, what: str
) -> None:
    accused.sequenced()
    tamper(store, accused.case_id, what)
    text = text_of(rex.get(f"/regulator/entries/{entry.id}"))
    assert "something does not hold" in text
    said = {
        "signature": "its signature does not hold",
        "record": "does not hold",
        "key": "the key that signed it did not hold at its position in the log",
    }
    assert said[what] in text


def tamper(store: Store, case_id: str, what: str) -> None:
    """Behind the registry's back."""
    with store.engine.begin() as connection:
        if what == "signature":
            two = connection.execute(sa.select(ReportVersion.kid).where(ReportVersion.case_id == case_id)).scalar_one()
            other = connection.execute(
                sa.text("SELECT jwk FROM signing_key WHERE kid != :kid LIMIT 1"), {"kid": two}
            ).scalar_one()
            connection.execute(
                sa.text("UPDATE signing_key SET jwk = :jwk WHERE kid = :kid"), {"jwk": other, "kid": two}
            )
        elif what == "record":
            act = connection.execute(sa.select(Act.id).where(Act.case_id == case_id).limit(1)).scalar_one()
            connection.execute(sa.update(Act).where(Act.id == act).values(entry=b"{}"))
        else:
            last = connection.execute(sa.select(sa.func.max(Act.position))).scalar_one()
            late = connection.execute(sa.select(Act.uid).where(Act.position == last)).scalar_one()
            connection.execute(sa.text("UPDATE signing_key SET enrolled_by = :late"), {"late": late})


def test_it_is_told_to_whom_it_was_shown_and_in_which_state(
    rex: FlaskClient,
    entry: Entry,
    store: Store,
    holder: Holder,
    cast: Cast,
    clock: MovingClock,
    signed_in: SignIn,
) -> None:
    path = f"/regulator/entries/{entry.id}/shown"
    assert "It was shown to nobody." in text_of(rex.get(path))
    check(store, holder, [document.parse(NUMBER)], cast.hana.actor, clock.move(timedelta(hours=1)))
    with store.write() as session:
        found = session.scalars(sa.select(Check.id).where(Check.entry_id.is_not(None))).one()
        details(session, actor=cast.hana.actor, check_id=found, now=clock())
    with store.write() as session:
        row = session.get_one(Entry, entry.id)
        suspend(session, row, actor_id="olaf", now=clock.move(timedelta(days=1)), reason="order")
        issue(session, row, Reason.SUSPENDED, clock())
    rex = signed_in(cast.rex)
    text = text_of(rex.get(path))
    assert "1 April 2026, 10:00 UTC Birch hiring listed 1 April 2026, 10:00 UTC" in text
    assert "2 April 2026, 10:00 UTC birch suspended not yet" in text
    day = text_of(rex.get(path + "?on-year=2026&on-month=4&on-day=2"))
    assert "At the end of 2 April 2026 (UTC) the entry was: suspended." in day
    assert "It was shown to nobody." in day
    assert "Birch hiring" in text_of(rex.get(path + "?on-year=2026&on-month=4&on-day=1"))
    assert "not listed yet" in text_of(rex.get(path + "?on-year=2026&on-month=1&on-day=1"))
    odd = rex.get(path + "?on-year=2026&on-month=13&on-day=1")
    assert (odd.status_code, problems_of(odd)) == (422, ["Enter a day that is in the calendar: year, month and day."])


def test_a_sample_is_drawn_by_a_seed_that_is_logged_and_can_be_repeated(
    rex: FlaskClient, entry: Entry, store: Store
) -> None:
    page = submit(rex, "/regulator/sample", {"size": "3"})
    text = text_of(page)
    assert "1 entry was drawn" in text
    assert entry.id in text
    seed = re.search(r"Seed ([0-9a-f]{64})", text)
    assert seed
    assert draw([entry.id], seed=bytes.fromhex(seed[1]), size=3) == [entry.id]
    for size in ("", "0", "101", "x"):
        assert problems_of(submit(rex, "/regulator/sample", {"size": size})) == ["Enter a number from 1 to 100."]
    every = [f"{number:032x}" for number in range(50)]
    one, two = (draw(every, seed=bytes([seed]) * 32, size=10) for seed in (1, 2))
    assert one == draw(every[::-1], seed=bytes([1]) * 32, size=10)
    assert one != two
    assert len(set(one)) == 10
    assert "Sample drawn by the regulator: random sample" in text_of(rex.get("/regulator/reads"))


def test_something_is_demanded_answered_and_closed(
    rex: FlaskClient, entry: Entry, store: Store, cast: Cast, clock: MovingClock, signed_in: SignIn
) -> None:
    page = f"/regulator/findings/new?entry={entry.id}"
    assert '<option value="acme" selected>' in rex.get(page).text
    assert problems_of(submit(rex, page, {"member": "acme"})) == ["Enter the demand."]
    wrong = submit(rex, page, {"member": "birch", "entry": entry.id, "text": "Explain."})
    assert problems_of(wrong) == ["Entry must be one that this member filed."]
    where = submit(rex, page, {"member": "acme", "entry": entry.id, "text": "Explain the late report."}).location or ""
    text = text_of(rex.get(where))
    assert "Explain the late report." in text
    assert "Answer due 11 April 2026" in text
    clock.move(policy.FINDING_ANSWER)
    rex = signed_in(cast.rex)
    assert "overdue" in text_of(rex.get("/regulator/findings"))
    with store.write() as session:
        row = session.scalars(sa.select(Finding)).one()
        findings.answer(session, actor=cast.rui.actor, finding=row, text="We were late.", now=clock())
    assert "We were late." in text_of(rex.get(where))
    assert rex.post(where + "/closing", data={"csrf_token": token_of(rex, where)}).location == where
    assert "Close the finding" not in rex.get(where).text
    assert "Demand of a regulator acme" in text_of(rex.get("/regulator/findings?state=closed"))
    for state in ("open", "nonsense"):
        assert "There are none." in text_of(rex.get(f"/regulator/findings?state={state}"))


def test_figures_stand_in_tables_with_pictures_beside_them(
    rex: FlaskClient, entry: Entry, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    check(store, holder, [document.parse(NUMBER)], cast.hana.actor, clock())
    page = rex.get("/regulator/statistics")
    text = text_of(page)
    assert "listed 0 0 1 0 1" in text
    assert "From the letter to the listing 1 30 days 30 days none is set –" in text
    assert "birch 1 1 100%" in text
    for name in CHARTS:
        drawn = rex.get(f"/regulator/statistics/{name}.svg")
        assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
        assert not re.search(r"<script|href=|@import|url\(", drawn.text)
    assert rex.get("/regulator/statistics/other.svg").status_code == 404


@pytest.mark.parametrize(
    ("checks", "hits", "alarm"),
    [(999, 0, None), (1000, 0, "low"), (10_000, 5, None), (10_000, 4, "low"), (1000, 10, None), (1000, 11, "high")],
)
def test_a_rate_outside_of_the_band_is_an_alarm(checks: int, hits: int, alarm: str | None) -> None:
    assert Asked("birch", checks, hits).alarm == alarm


def test_the_list_is_exported_without_formulas_and_an_entry_with_its_proofs(
    rex: FlaskClient, entry: Entry, accused: Accused
) -> None:
    accused.sequenced()
    answer = rex.get("/regulator/export/entries.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    header, row = csv.reader(StringIO(answer.data.decode("utf-8-sig")))
    assert dict(zip(header, row, strict=True))["reference"] == entry.id
    body = json.loads(rex.get(f"/regulator/export/entries/{entry.id}.json").data)
    assert body["entry"]["state"] == "listed"
    policy_of_log, proven = Policy(parse_vkey(body["log"])), [each for each in body["acts"] if each["proof"]]
    assert len(proven) >= 6
    for each in proven:
        found = proof.verify(each["proof"], entry=each["entry"].encode(), policy=policy_of_log)
        assert found.index == each["position"]
        salt = base64url.decode(each["salt"], field="salt", size=32)
        leaf.verify_opening(leaf.parse(each["entry"].encode()), salt=salt, record=each["record"].encode())
    assert accused.filing.payload["sub"] not in json.dumps(body)
    assert "Exported by the regulator: an entry with its proofs" in text_of(rex.get("/regulator/reads"))


def test_exports_ask_who_it_is(rex: FlaskClient, entry: Entry, clock: MovingClock) -> None:
    clock.move(policy.PROOF_LIFE)
    for path in ("entries.csv", f"entries/{entry.id}.json"):
        assert (rex.get(f"/regulator/export/{path}").location or "").startswith("/account/prove")


def test_ones_own_reading_is_shown_and_nobody_elses(rex: FlaskClient, entry: Entry, accused: Accused) -> None:
    assert "There is nothing yet." in text_of(rex.get("/regulator/reads"))
    rex.get(f"/regulator/entries/{entry.id}")
    rex.get("/regulator/entries")
    text = text_of(rex.get("/regulator/reads"))
    assert f"Read by the regulator: an entry {accused.case_number} not yet" in text
    assert "Read by the regulator: list of entries – not yet" in text


def test_the_list_is_narrowed_by_level_offence_and_dispute(rex: FlaskClient, entry: Entry) -> None:
    for query, found in (
        ("level=2", 1),
        ("level=3", 0),
        ("offence=sale", 1),
        ("offence=theft", 0),
        ("disputed=yes", 0),
    ):
        assert rex.get(f"/regulator/entries?{query}").text.count(f"/regulator/entries/{entry.id}") == found, query
    assert rex.get("/regulator/entries?level=" + "9" * 30).status_code == 200
