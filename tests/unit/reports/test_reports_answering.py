"""Time to answer: two channels before it runs unproven, made longer once, and never too late to say something."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import policy
from registry.access import Actor
from registry.accounts.rules import Role
from registry.appeals.listing import list_due
from registry.cases.models import Case, Step
from registry.checks import actions as checks
from registry.checks import rules as check_rules
from registry.checks.models import Check
from registry.checks.rules import Duty
from registry.db import Store
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity import document
from registry.keys.holder import Holder
from registry.notices.models import Attempt, Message, Notice
from registry.notices.rules import Route, is_tried
from registry.policy import DAY, EXTENSION, RESPONSE_WINDOW, UNHEARD_WINDOW
from registry.recalls import actions as recalls
from registry.recalls.models import Recall
from registry.reports import actions, answering, rules
from registry.reports.models import Report
from registry.reports.rules import State
from registry.reports.serving import record_attempt
from registry.running import Running
from registry.worker import clocks
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER, Filing, tag_of
from tests.listing import check

HOUR = timedelta(hours=1)


class Trying(Filing):
    """A printed letter that does not get through."""

    def tried(self, *routes: Route, now: datetime, on: datetime | None = None, name: str = "cleo") -> Trying:
        for route in routes:
            with self.store.write() as session:
                record_attempt(
                    session,
                    actor=self.cast[name].actor,
                    letter_id=self.letter_id(),
                    route=route,
                    on=on or now,
                    proof="XB 1",
                    now=now,
                )
        return self

    def extended(self, now: datetime, *, actor: Actor | None = None, days: int = 15, reasons: str = "Ill.") -> None:
        with self.store.write() as session:
            answering.extend(
                session,
                actor=actor or self.cast.cleo.actor,
                number=self.number,
                days=days,
                reasons=reasons,
                now=now,
            )

    def asked_for_more(self, now: datetime) -> None:
        with self.store.write() as session:
            answering.extend_as_subject(session, case=session.get_one(Case, self.case_id), now=now)

    def said(self, now: datetime, text: str = "It was not me.", late_reasons: str | None = None) -> None:
        with self.store.write() as session:
            case = session.get_one(Case, self.case_id)
            answering.represent(session, case=case, text=text, late_reasons=late_reasons, now=now)

    def closes(self) -> datetime:
        closes = self.report().window_closes_at
        assert closes is not None
        return closes


@pytest.fixture
def trying(store: Store, cast: Cast, holder: Holder, now: datetime) -> Trying:
    filing = Trying(store, cast, holder, now, tag_of(holder))
    filing.countersigned(now).screened(now).printed(now)
    return filing


@pytest.fixture
def noticed(trying: Trying, now: datetime) -> Trying:
    trying.served(now)
    return trying


def listed(store: Store, now: datetime) -> list[Entry]:
    with store.write() as session:
        return list_due(session, now=now)


# Two channels


@pytest.mark.parametrize(
    ("routes", "enough"),
    [
        ((), False),
        ((Route.POST,), False),
        ((Route.POST, Route.POST), False),
        ((Route.MAIL, Route.SMS), False),  # the letter itself never left
        ((Route.POST, Route.MAIL), True),
        ((Route.SMS, Route.IN_PERSON), True),
    ],
)
def test_two_channels_are_tried_and_the_letter_goes_on_one(routes: tuple[Route, ...], enough: bool) -> None:
    assert is_tried(routes) is enough


def test_one_channel_opens_no_window(trying: Trying, store: Store, now: datetime) -> None:
    trying.tried(Route.POST, now=now)
    assert (trying.report().state, trying.report().window_closes_at) == (State.SCREENED, None)
    assert listed(store, now + 365 * DAY) == []


def test_after_two_the_window_runs_and_the_report_is_unheard(trying: Trying, store: Store, now: datetime) -> None:
    trying.tried(Route.POST, now=now).tried(Route.IN_PERSON, now=now + 5 * DAY)
    report = trying.report()
    assert (report.state, report.unheard_since, report.heard_at) == (State.NOTICED, now + 5 * DAY, None)
    assert trying.closes() == now + 5 * DAY + RESPONSE_WINDOW
    with store.read() as session:
        assert session.scalars(sa.select(Step.verb).where(Step.after == "noticed")).one() == "presume"
        assert b"XB 1" not in session.scalars(sa.select(Attempt)).first().sealed_proof  # type: ignore[union-attr]
    assert listed(store, trying.closes() - timedelta(seconds=1)) == []
    (entry,) = listed(store, trying.closes())
    assert entry.unheard


def test_proof_of_receipt_makes_it_heard_and_gives_the_whole_window(
    trying: Trying, store: Store, now: datetime
) -> None:
    trying.tried(Route.POST, Route.IN_PERSON, now=now)
    trying.served(now + 20 * DAY)
    assert trying.closes() == now + 20 * DAY + RESPONSE_WINDOW
    (entry,) = listed(store, trying.closes())
    assert not entry.unheard


@pytest.mark.parametrize("act", [Trying.said, Trying.asked_for_more])
def test_whoever_answers_has_been_reached(trying: Trying, store: Store, now: datetime, act: Any) -> None:
    trying.tried(Route.POST, Route.IN_PERSON, now=now)
    act(trying, now + 29 * DAY)
    assert trying.report().heard_at == now + 29 * DAY
    assert trying.closes() >= now + 29 * DAY + policy.WINDOW_AT_LEAST
    (entry,) = listed(store, trying.closes())
    assert not entry.unheard


def test_an_attempt_is_noted_once_for_each_way_and_not_before_the_letter(trying: Trying, now: datetime) -> None:
    with pytest.raises(Invalid, match="before the letter was printed"):
        trying.tried(Route.POST, now=now, on=now - HOUR)
    with pytest.raises(Invalid, match="in the future"):
        trying.tried(Route.POST, now=now, on=now + HOUR)
    trying.tried(Route.POST, now=now)
    with pytest.raises(Conflict, match="before"):
        trying.tried(Route.POST, now=now)


@pytest.mark.parametrize("name", ["rui", "ana", "sol", "olaf", "rex"])
def test_only_the_clerk_notes_one(trying: Trying, now: datetime, name: str) -> None:
    letter = trying.letter_id()
    with pytest.raises(Forbidden), trying.store.write() as session:
        actor, how = trying.cast[name].actor, {"route": Route.POST, "on": now, "proof": "p", "now": now}
        record_attempt(session, actor=actor, letter_id=letter, **how)  # type: ignore[arg-type]


def test_a_letter_that_was_not_printed_was_not_sent(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    drafted = Trying(store, cast, holder, now)
    drafted.countersigned(now).screened(now)
    with pytest.raises(Conflict, match="is drafted"):
        drafted.tried(Route.POST, now=now)


# An unheard entry


@pytest.fixture
def unheard(trying: Trying, store: Store, clock: MovingClock) -> Entry:
    trying.tried(Route.POST, Route.IN_PERSON, now=clock())
    clock.move(RESPONSE_WINDOW)
    (entry,) = listed(store, clock())
    return entry


def hit(store: Store, holder: Holder, cast: Cast, now: datetime) -> checks.Details:
    check(store, holder, [document.parse(NUMBER)], cast.hana.actor, now)
    with store.write() as session:
        newest = session.scalars(sa.select(Check).order_by(Check.at.desc())).first()
        assert newest is not None
        return checks.details(session, actor=cast.hana.actor, check_id=newest.id, now=now)


def test_its_first_hit_opens_fifteen_days_in_which_nobody_may_rely_on_it(
    unheard: Entry, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    first = clock.move(3 * DAY)
    details = hit(store, holder, cast, first)
    assert (details.unheard, details.not_before) == (True, first + UNHEARD_WINDOW)
    assert details.duties[0] is Duty.NOT_YET
    again = hit(store, holder, cast, clock.move(14 * DAY))
    assert again.not_before == first + UNHEARD_WINDOW
    after = hit(store, holder, cast, clock.move(DAY))
    assert (after.not_before, Duty.NOT_YET in after.duties) == (None, False)
    assert after.unheard


def test_the_person_is_written_to_once_and_the_checker_told_when_the_days_are_over(
    unheard: Entry, store: Store, holder: Holder, cast: Cast, clock: MovingClock, trying: Trying
) -> None:
    run = Running(settings(), SECRETS, store, clock, holder)
    assert not clocks.unheard(run)
    first = clock.move(DAY)
    hit(store, holder, cast, first)
    assert clocks.unheard(run)
    assert not clocks.unheard(run)
    letter = trying.printed(clock())
    assert (first + UNHEARD_WINDOW).date().isoformat() in letter
    assert "Nobody may" in letter
    assert "No company can see" not in letter
    clock.move(UNHEARD_WINDOW - HOUR)
    assert not clocks.unheard(run)
    clock.move(HOUR)
    assert clocks.unheard(run)
    assert not clocks.unheard(run)
    with store.read() as session:
        assert [(r.member_id, r.reason.value) for r in session.scalars(sa.select(Recall))] == [("birch", "heard")]
        assert len(session.scalars(sa.select(Notice)).all()) == 2


def test_a_hiring_check_that_is_still_open_is_a_hit_when_it_is_listed(
    trying: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    trying.tried(Route.POST, Route.IN_PERSON, now=clock())
    check(store, holder, [document.parse(NUMBER)], cast.hana.actor, clock())
    (entry,) = listed(store, clock.move(RESPONSE_WINDOW))
    assert entry.first_hit_at == clock()


def test_a_hidden_unheard_entry_is_not_said_to_count(
    unheard: Entry, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    hit(store, holder, cast, clock())
    with store.write() as session:
        entry = session.get_one(Entry, unheard.id)
        entries.suspend(session, entry, actor_id="panel", now=clock(), reason="Looked at.")
        assert recalls.issue_heard(session, clock.move(UNHEARD_WINDOW)) == []


def test_who_is_reached_after_the_listing_has_the_days_from_then(
    unheard: Entry, store: Store, holder: Holder, cast: Cast, clock: MovingClock, trying: Trying
) -> None:
    reached = clock.move(DAY)
    trying.served(reached)
    details = hit(store, holder, cast, clock.move(10 * DAY))
    assert details.not_before == reached + UNHEARD_WINDOW


def test_a_heard_entry_counts_at_once(
    noticed: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (entry,) = listed(store, clock.move(RESPONSE_WINDOW))
    details = hit(store, holder, cast, clock())
    assert (details.unheard, details.not_before) == (False, None)
    with store.read() as session:
        assert session.get_one(Entry, entry.id).first_hit_at is None


# More time


def test_the_subject_has_fifteen_days_more_for_the_asking(
    noticed: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    now = clock()
    noticed.asked_for_more(now + DAY)
    assert noticed.closes() == now + RESPONSE_WINDOW + EXTENSION
    assert listed(store, clock.move(RESPONSE_WINDOW + EXTENSION - HOUR)) == []
    with pytest.raises(NotFound):
        hit(store, holder, cast, clock())
    assert len(listed(store, clock.move(HOUR))) == 1


def test_the_clerk_gives_some_for_reasons(noticed: Trying, now: datetime) -> None:
    noticed.extended(now, days=3)
    assert noticed.closes() == now + RESPONSE_WINDOW + 3 * DAY
    with noticed.store.read() as session:
        assert session.scalars(sa.select(Message.kind).where(Message.kind == "window.extended")).one()


@pytest.mark.parametrize("days", [0, -1, 16])
def test_no_more_than_the_policys_days(noticed: Trying, now: datetime, days: int) -> None:
    with pytest.raises(Invalid, match="days must be 1 to 15"):
        noticed.extended(now, days=days)


def test_once_whoever_asked(noticed: Trying, now: datetime) -> None:
    noticed.extended(now, days=1)
    for again in (lambda: noticed.extended(now), lambda: noticed.asked_for_more(now)):
        with pytest.raises(Conflict, match="extended once"):
            again()
    with pytest.raises(Invalid, match="reasons"):
        noticed.extended(now, reasons="")


def test_only_while_the_window_is_open(noticed: Trying, store: Store, now: datetime) -> None:
    for state in ("closed", "listed"):
        with pytest.raises(Conflict, match="not running"):
            noticed.asked_for_more(now + RESPONSE_WINDOW)
        assert state == "listed" or listed(store, now + RESPONSE_WINDOW)


def test_not_before_it_runs(trying: Trying, now: datetime) -> None:
    with pytest.raises(Conflict, match="not running"):
        trying.extended(now)


@pytest.mark.parametrize("name", ["rui", "ana", "sol", "rex", "olaf"])
def test_only_the_clerk_extends_for_reasons(noticed: Trying, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        noticed.extended(now, actor=noticed.cast[name].actor)


def test_a_clerk_of_the_filing_members_group_does_not(noticed: Trying, now: datetime) -> None:
    with pytest.raises(Forbidden):
        noticed.extended(now, actor=replace(noticed.cast.eva.actor, roles=frozenset({Role.CLERK})))


def test_what_is_not_over_is_not_listed_whoever_asks(noticed: Trying, store: Store, now: datetime) -> None:
    with pytest.raises(Conflict, match="is not over"), store.write() as session:
        report = session.get_one(Report, noticed.id)
        entries.list_report(session, report, now=now + RESPONSE_WINDOW - HOUR)


# Answers


def test_an_answer_reaches_the_member_and_the_screener_and_stays_sealed(
    noticed: Trying, store: Store, cast: Cast, now: datetime
) -> None:
    noticed.said(now, text="I was on leave.")
    with store.read() as session:
        told = session.execute(sa.select(Message.member_id, Message.payload).where(Message.kind.like("repres%"))).all()
        assert sorted(member for member, _ in told) == ["acme", "association"]
        assert {payload["id"] for _, payload in told} == {noticed.id}
    for name in ("rui", "ana", "sol", "rex"):
        with store.write() as session:
            (said,) = answering.read(session, actor=cast[name].actor, report_id=noticed.id, now=now)
            assert asdict(said) == {"made_at": now, "late": False, "text": "I was on leave.", "late_reasons": None}
    for name in ("ben", "hana", "cleo", "olaf"):
        with pytest.raises(Forbidden), store.write() as session:
            answering.read(session, actor=cast[name].actor, report_id=noticed.id, now=now)


def test_a_late_answer_says_why_and_marks_the_entry(
    noticed: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    late = clock.move(RESPONSE_WINDOW)
    for missing in (None, ""):
        with pytest.raises(Invalid) as refused:
            noticed.said(late, late_reasons=missing)
        assert (refused.value.field, refused.value.code) == ("late_reasons", "late")
    noticed.said(late, late_reasons="I was in hospital.")  # before the worker has listed it
    assert len(listed(store, late)) == 1
    noticed.said(clock.move(DAY), late_reasons="A document came.")
    details = hit(store, holder, cast, clock())
    assert details.late_answer_at == clock()
    assert Duty.LATE in details.duties


def test_an_answer_in_time_needs_no_reasons_and_marks_nothing(
    noticed: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    noticed.said(clock(), late_reasons="Not late at all.")
    with store.write() as session:
        assert answering.read(session, actor=cast.rui.actor, report_id=noticed.id, now=clock())[0].late_reasons is None
    listed(store, clock.move(RESPONSE_WINDOW))
    assert hit(store, holder, cast, clock()).late_answer_at is None


def test_there_is_nothing_to_answer_once_it_has_ended(noticed: Trying, cast: Cast, now: datetime) -> None:
    with noticed.store.write() as session:
        actions.withdraw(session, actor=cast.rui.actor, report_id=noticed.id, reason="Wrong person.", now=now)
    with pytest.raises(Conflict, match="withdrawn"):
        noticed.said(now)


def test_the_file_takes_only_so_many(noticed: Trying, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "REPRESENTATIONS", 1)
    noticed.said(now)
    with pytest.raises(Conflict, match="appeal instead"):
        noticed.said(now)


@pytest.mark.parametrize("text", ["", "x" * 5001, f"My number is {NUMBER}"])
def test_an_answer_is_prose_without_numbers(noticed: Trying, now: datetime, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        noticed.said(now, text=text)
    assert refused.value.field == "text"


# Silence


def test_silence_is_no_state_and_every_text_says_that_it_admits_nothing(
    trying: Trying, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    letter = trying.printed(clock())
    trying.served(clock())
    (entry,) = listed(store, clock.move(RESPONSE_WINDOW))
    details = hit(store, holder, cast, clock())
    assert letter.count("Not answering is not an admission") == letter.count("不回应不等于承认") == 1
    assert Duty.SILENCE in details.duties
    words = [*(state.value for state in (*rules.State, *type(entry.state))), *(duty.value for duty in check_rules.Duty)]
    assert [word for word in words if "admit" in word] == [Duty.SILENCE.value]
    with store.read() as session:
        silent = session.get_one(Entry, entry.id)
    other = Trying(store, cast, holder, clock())
    other.countersigned(clock()).screened(clock()).printed(clock())
    other.served(clock())
    other.said(clock())
    (answered,) = listed(store, clock.move(RESPONSE_WINDOW))
    same = ("state", "level", "basis", "disputed", "unheard")
    assert [getattr(silent, name) for name in same] == [getattr(answered, name) for name in same]
    assert answered.until - answered.listed_at == silent.until - silent.listed_at  # type: ignore[operator]
