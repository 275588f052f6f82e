"""An amendment: signed on one page, confirmed on another, shown to the person, the regulator and in the API."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from registry.amendments import rules
from registry.amendments.models import Amendment
from registry.appeals.listing import list_due
from registry.db import Store
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.amending import Desk
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import sign
from tests.functional.web.test_web_reporter import statement_on
from tests.pages import problems_of, send, submit, text_of, token_of


def test_what_is_in_force_is_shown_to_the_person_and_all_of_it_to_the_regulator(
    subject: FlaskClient,
    accused: Accused,
    signed_in: SignIn,
    store: Store,
    cast: Cast,
    holder: Holder,
    clock: MovingClock,
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
    desk = Desk(store, cast, holder, clock, accused.filing)
    desk.amend("correction")
    desk.sign("contest")
    subject.set_cookie("zilu-case", accused.session_token())
    page = "What the company has amended"
    shown = text_of(subject.get("/case/file"))
    assert page in shown
    for words in ("Correction, 1 April 2026", "24, not 710", "Why: Two files were counted twice.", "200 days"):
        assert words in shown
    assert "Lao Zhong 17" not in shown
    shown = text_of(signed_in(cast.rex).get(f"/regulator/entries/{entry.id}"))
    assert "Before a court or another body, 1 April 2026 (waits for a second signature)" in shown
    assert "arbitration, Lao Zhong 17, 2026-03-01" in shown
    assert "Amendment confirmed by a second person acme-approver" in shown
    copy = subject.get("/case/copy.json").text
    assert "counted twice" in copy


WORDS = {"what": "There were 24 records.", "why": "Counted twice."}
DAY = {"on-year": "2026", "on-month": "3", "on-day": "1"}
SAID: dict[str, dict[str, str]] = {
    "correction": {"level": "1", "term_days": "200", "basis": "C"},
    "revision": {"term_days": "150", **DAY},
    "contest": {"body": "court", "reference": "Min Chu 17", **DAY},
    "void": {},
}


def test_each_kind_is_signed_by_one_and_confirmed_by_another(
    accused: Accused, signed_in: SignIn, store: Store, cast: Cast, clock: MovingClock
) -> None:
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        list_due(session, now=clock())
    rui, ana, report = signed_in(cast.rui), signed_in(cast.ana), f"/reports/{accused.filing.id}"
    for kind, said in SAID.items():
        assert f"{report}/amendments/new/{kind}" in rui.get(f"{report}/amendments/new").text
        change = submit(rui, f"{report}/amendments/new/{kind}", {**WORDS, **said, "change": "y"})
        assert (change.status_code, WORDS["why"] in change.text) == (200, True)
        assert 'id="claims"' not in change.text
        words = statement_on(submit(rui, f"{report}/amendments/new/{kind}", {**WORDS, **said}).text)
        assert (words["kind"], words["what"]) == (kind, WORDS["what"])
        send_to = f"{report}/amendments/signed"
        for _press in range(2):
            assert send(rui, report, send_to, {"token": sign(cast.rui, words, rules.AMENDMENT)}).json == {
                "next": report
            }
        with store.read() as session:
            row = session.query(Amendment).filter_by(kind=kind).one()
        page = f"{report}/amendments/{row.id}"
        for where in ("/reports", report):
            assert page in ana.get(where).text
            assert page not in rui.get(where).text
        assert WORDS["why"] in text_of(ana.get(page))
        confirmed = sign(cast.ana, statement_on(ana.get(page).text), rules.CONFIRMATION)
        for _press in range(2):
            assert send(ana, page, f"{page}/confirmed", {"token": confirmed}).json == {"next": report}
        assert "There is nothing to confirm" in text_of(ana.get(page))
    assert "void" in text_of(signed_in(cast.rex).get("/regulator/entries"))
    assert "Amend the report" not in text_of(rui.get(report))
    ended = submit(rui, f"{report}/amendments/new/correction", {**WORDS, **SAID["correction"]})
    assert problems_of(ended) == ["This report has ended; nothing of it is amended any more."]


@pytest.mark.parametrize(
    ("kind", "said", "problems"),
    [
        ("correction", {}, ["Enter what you say now.", "Enter why."]),
        ("correction", {**WORDS, "term_days": "x"}, ["Enter the days as a whole number."]),
        ("revision", WORDS, ["Enter the day: year, month and day."]),
        ("contest", {**WORDS, **DAY}, ["Select before whom it is contested.", "Enter the reference."]),
        ("void", WORDS, ["Nothing is listed yet; withdraw the report instead."]),
    ],
)
def test_what_is_missing_is_said_at_the_field(
    accused: Accused, signed_in: SignIn, cast: Cast, kind: str, said: dict[str, str], problems: list[str]
) -> None:
    page = submit(signed_in(cast.rui), f"/reports/{accused.filing.id}/amendments/new/{kind}", said)
    assert (page.status_code, sorted(problems_of(page))) == (422, sorted(problems))
    assert said.get("why", "") in page.text


def test_what_is_graver_takes_a_report_of_its_own_and_nobody_else_amends(
    accused: Accused, signed_in: SignIn, cast: Cast
) -> None:
    rui, path = signed_in(cast.rui), f"/reports/{accused.filing.id}/amendments/new"
    graver = submit(rui, f"{path}/correction", {**WORDS, "level": "4"})
    assert "takes a report of its own" in problems_of(graver)[0]
    assert 'href="#level"' in graver.text
    chinese = rui.post(
        f"{path}/correction",
        data={**WORDS, "level": "4", "csrf_token": token_of(rui, f"{path}/correction")},
        headers={"Accept-Language": "zh-CN"},
    )
    assert "须另行举报" in text_of(chinese)
    assert rui.get(f"{path}/nonsense").status_code == 404
    assert signed_in(cast.ana).get(path).status_code == 403
    for stranger in (cast.ben, cast.bao):
        assert signed_in(stranger).get(path).status_code in (403, 404)
