"""Where an amendment shows: on the subject's and the regulator's page, and in what the API says of the entry."""

from __future__ import annotations

from flask.testing import FlaskClient

from registry.appeals.listing import list_due
from registry.db import Store
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from tests.accused import Accused
from tests.amending import Desk
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.pages import text_of


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
