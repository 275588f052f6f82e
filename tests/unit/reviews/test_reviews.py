"""Listings are looked at again: at half of their term by themselves, earlier or later because the subject asks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from registry import policy
from registry.accounts.actions import actor_of, open_account
from registry.accounts.rules import Role
from registry.appeals.listing import list_due
from registry.cases.models import Case
from registry.db import Store
from registry.entries.actions import shorten
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.findings.actions import overdue_reviews
from registry.findings.models import Finding
from registry.findings.reminders import remind_due
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from registry.reviews import actions, rules
from registry.reviews.models import Review
from registry.reviews.rules import Ground, State
from tests.accused import Accused, accuse
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def listed(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Accused:
    """Listed for a year at level 2, proofed, and birch was shown the entry. Sue has nothing to do with it."""
    with store.write() as session:
        admin = cast["law-school-admin"].actor
        how = {"member_id": "law-school", "name": "Sue", "roles": [Role.SCREENER], "actor": admin, "now": clock()}
        open_account(session, id="sue", **how)
    accused = accuse(store, cast, holder, clock).proofed()
    clock.move(RESPONSE_WINDOW)
    with store.write() as session:
        assert list_due(session, now=clock())
    check(store, holder, [parse(accused.number)], cast.hana.actor, clock())
    return accused


def entry_of(accused: Accused) -> Entry:
    with accused.store.read() as session:
        return session.query(Entry).one()


def apply(accused: Accused, ground: str, text: str = "I have learned from it.") -> Review:
    with accused.store.write() as session:
        case = session.get_one(Case, accused.case_id)
        return actions.apply(session, case=case, ground=ground, text=text, now=accused.clock())


def decide(accused: Accused, review: Review, *, end: bool, who: str = "sue", reasons: str = "It is time.") -> Review:
    with accused.store.write() as session:
        actor = accused.cast[who].actor if who in accused.cast else actor_of(session, who)
        return actions.decide(session, actor=actor, review_id=review.id, end=end, reasons=reasons, now=accused.clock())


def due(accused: Accused) -> list[Review]:
    with accused.store.write() as session:
        return actions.open_due(session, accused.clock())


def told(accused: Accused) -> list[Reason]:
    with accused.store.read() as session:
        return [row.reason for row in session.query(Recall).order_by(Recall.issued_at, Recall.id)]


def first_day(accused: Accused) -> datetime:
    entry = entry_of(accused)
    return rules.earliest(entry.level, listed_at=entry.listed_at, until=entry.until)


def test_from_the_earliest_date_on_a_listing_can_end_with_recalls(listed: Accused) -> None:
    listed.clock.at = first_day(listed) - SECOND
    with pytest.raises(Conflict, match="can be asked for from"):
        apply(listed, "time-served")
    listed.clock.move(SECOND)
    review = decide(listed, apply(listed, "time-served"), end=True)
    assert review.state is State.ENDED
    assert entry_of(listed).state is EntryState.REHABILITATED
    assert told(listed) == [Reason.REHABILITATED]
    with listed.store.read() as session:
        ((row, reasons),) = actions.of_subject(session, session.get_one(Case, listed.case_id))
    assert (row.state, reasons) == (State.ENDED, "It is time.")
    assert unattested(listed.store) == set()


@pytest.mark.parametrize("ground", ["acquitted", "case-dropped", "penalty-revoked"])
def test_whoever_was_cleared_waits_for_nothing_and_the_entry_is_void(listed: Accused, ground: str) -> None:
    decide(listed, apply(listed, ground), end=True, who="rex")
    assert entry_of(listed).state is EntryState.VOIDED
    assert told(listed) == [Reason.VOIDED]
    with listed.store.read() as session:
        assert session.query(Report).one().state is ReportState.VOIDED


def test_kept_it_stays_and_can_be_asked_for_again(listed: Accused) -> None:
    decide(listed, apply(listed, "acquitted"), end=False)
    assert entry_of(listed).state is EntryState.LISTED
    assert told(listed) == []
    assert apply(listed, "acquitted").state is State.OPEN


def test_one_at_a_time_and_decided_once(listed: Accused) -> None:
    review = apply(listed, "acquitted")
    with pytest.raises(Conflict, match="is open"):
        apply(listed, "case-dropped")
    decide(listed, review, end=False)
    with pytest.raises(Conflict, match="nothing more can happen"):
        decide(listed, review, end=True, who="rex")


@pytest.mark.parametrize(
    ("who", "refusal"), [("rui", Forbidden), ("cem", Forbidden), ("cleo", Forbidden), ("olaf", Forbidden)]
)
def test_who_decides(listed: Accused, who: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        decide(listed, apply(listed, "acquitted"), end=True, who=who)


def test_whoever_took_part_before_decides_nothing(listed: Accused) -> None:
    review = apply(listed, "acquitted")
    with pytest.raises(Forbidden, match="took part"):
        decide(listed, review, end=True, who="sol")  # who screened the report
    with listed.store.read() as session:
        assert actions.docket(session, actor=listed.cast.sol.actor) == []
        assert [row.id for row in actions.docket(session, actor=actor_of(session, "sue"))] == [review.id]
    decide(listed, review, end=False)
    with pytest.raises(Forbidden, match="took part"):
        decide(listed, apply(listed, "acquitted"), end=True)


def test_what_nobody_decides_is_raised_and_then_ends_the_listing(listed: Accused) -> None:
    review = apply(listed, "acquitted")

    def tick(by: timedelta) -> tuple[int, int]:
        now = listed.clock.move(by)
        with listed.store.write() as session:
            return len(overdue_reviews(session, now)), len(actions.default_due(session, now))

    assert tick(policy.REVIEW_LIMIT - DAY) == (0, 0)
    with listed.store.write() as session:
        assert f"review:{review.id}:24" in [sent.cause for sent in remind_due(session, listed.clock())]
    assert tick(DAY - SECOND) == (0, 0)
    assert tick(SECOND) == (1, 0)
    assert tick(DAY) == (0, 0)
    assert entry_of(listed).state is EntryState.LISTED
    assert tick(policy.REVIEW_DEFAULT - policy.REVIEW_LIMIT - DAY) == (0, 1)
    assert entry_of(listed).state is EntryState.REHABILITATED
    assert told(listed) == [Reason.REHABILITATED]
    with listed.store.read() as session:
        case = session.get_one(Case, listed.case_id)
        assert [(row.id, row.state, reasons) for row, reasons in actions.of_subject(session, case)] == [
            (review.id, State.ENDED, None)
        ]
        (finding,) = session.query(Finding)
    assert (finding.kind, finding.member_id, finding.case_id) == ("review-overdue", None, listed.case_id)
    assert tick(DAY) == (0, 0)
    assert unattested(listed.store) == set()


def test_bad_applications_are_refused(listed: Accused) -> None:
    for ground, text in (
        ("half-term", "x"),
        ("mercy", "x"),
        ("acquitted", ""),
        ("acquitted", "I am 11010519491231002X"),
    ):
        with pytest.raises(Invalid):
            apply(listed, ground, text)
    with pytest.raises(NotFound):
        decide(listed, Review(id="0" * 32), end=True)
    with pytest.raises(Invalid):
        decide(listed, apply(listed, "acquitted"), end=True, reasons="")


def test_who_is_not_proofed_or_not_listed_asks_for_nothing(
    store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    accused = accuse(store, cast, holder, clock)
    with pytest.raises(Forbidden):
        apply(accused, "acquitted")
    with pytest.raises(Conflict, match="not listed"):
        apply(accused.proofed(), "acquitted")


def test_at_half_of_its_term_every_listing_is_looked_at_once(listed: Accused) -> None:
    entry = entry_of(listed)
    assert entry.until is not None
    listed.clock.at = entry.listed_at + (entry.until - entry.listed_at) / 2 - SECOND
    assert due(listed) == []
    listed.clock.move(SECOND)
    (review,) = due(listed)
    assert (review.ground, review.entry_id) == (Ground.HALF_TERM, entry.id)
    assert due(listed) == []
    decide(listed, review, end=True)
    assert entry_of(listed).state is EntryState.REHABILITATED
    assert due(listed) == []
    assert unattested(listed.store) == set()


def test_half_of_a_term_that_was_shortened_comes_earlier(listed: Accused) -> None:
    entry = entry_of(listed)
    with listed.store.write() as session:
        shorter = entry.listed_at + timedelta(days=60)
        shorten(session, session.get_one(Entry, entry.id), actor_id="x", now=listed.clock(), reason="r", until=shorter)
    listed.clock.at = entry.listed_at + timedelta(days=30) - SECOND
    assert due(listed) == []
    listed.clock.move(SECOND)
    assert len(due(listed)) == 1


def test_what_has_ended_is_not_looked_at(listed: Accused) -> None:
    entry = entry_of(listed)
    assert entry.until is not None
    listed.clock.at = entry.until
    assert due(listed) == []


def test_dates_follow_the_policy() -> None:
    start = datetime(2026, 1, 1)
    year = start + timedelta(days=364)
    assert rules.earliest(1, listed_at=start, until=year) == start + timedelta(days=182)
    assert rules.earliest(4, listed_at=start, until=year) == start + timedelta(days=273)
    assert rules.earliest(4, listed_at=start, until=None) > start + timedelta(days=3 * 365)
    assert rules.review_at(start, start + timedelta(days=100)) == start + timedelta(days=50)
    for until in (None, start + timedelta(days=11 * 365)):
        assert rules.review_at(start, until) == start + timedelta(days=5 * 365)
