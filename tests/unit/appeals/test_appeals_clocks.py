from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import policy
from registry.appeals import queries
from registry.appeals.clocks import Due, run_clocks
from registry.appeals.listing import list_due
from registry.appeals.models import Appeal
from registry.appeals.rules import CONTEST_WINDOW, Effect, State, due_effects
from registry.checks.models import Check
from registry.db import Store
from registry.entries.actions import rehabilitate, void
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.errors import Conflict
from registry.keys.holder import Holder
from registry.log.models import Act, LeafType
from registry.recalls.models import Recall
from registry.reports.actions import withdraw
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, people
from tests.unit.appeals.contest import Contest

DAY = timedelta(days=1)


def recalls(contest: Contest) -> list[str]:
    with contest.store.read() as session:
        return [recall.reason.value for recall in session.query(Recall).order_by(Recall.issued_at)]


def first(contest: Contest) -> Appeal:
    with contest.store.read() as session:
        return queries.of_case(session, contest.case_id)[0]


class TestSilence:
    def test_it_suspends_the_entry_when_the_time_is_over_and_not_before(self, drawn: Contest) -> None:
        assert drawn.tick(policy.ANSWER_LIMIT - timedelta(seconds=1)) == []
        assert drawn.tick(timedelta(seconds=1)) == [Effect.SILENCE]
        assert drawn.entry().state is EntryState.SUSPENDED
        appeal = drawn.appeal()
        assert (appeal.state, appeal.lapsed_at, appeal.suspended) == (State.ANSWERED, drawn.now, True)

    def test_it_happens_once(self, drawn: Contest) -> None:
        drawn.tick(policy.ANSWER_LIMIT)
        assert drawn.tick() == []

    def test_of_two_workers_one_does_it(self, drawn: Contest) -> None:
        drawn.clock.move(policy.ANSWER_LIMIT)
        with drawn.store.read() as session:
            (due,) = run_clocks(session, drawn.now, drawn.holder)
        for wanted in (True, False):
            with drawn.store.write() as session:
                assert due.act(session, drawn.now, drawn.holder) is wanted

    def test_an_answer_in_time_keeps_the_entry(self, drawn: Contest) -> None:
        drawn.answer()
        assert drawn.tick(policy.ANSWER_LIMIT) == []
        assert drawn.entry().state is EntryState.LISTED

    def test_after_it_the_member_is_not_heard_any_more_but_the_panel_goes_on(self, drawn: Contest) -> None:
        drawn.tick(policy.ANSWER_LIMIT)
        with pytest.raises(Conflict):
            drawn.answer()
        drawn.hear().votes("keep", "keep", "keep")
        assert drawn.entry().state is EntryState.LISTED

    def test_whoever_was_shown_the_entry_is_told(self, drawn: Contest) -> None:
        show(drawn)
        drawn.tick(policy.ANSWER_LIMIT)
        assert recalls(drawn) == ["suspended"]


def show(contest: Contest) -> None:
    """birch's HR is shown the entry; the check's row alone, since how it comes about is tested elsewhere."""
    check(contest.store, contest.holder, people(1), contest.cast.hana.actor, contest.now)
    with contest.store.write() as session:
        entry = session.query(Entry).filter_by(case_id=contest.case_id).one()
        session.execute(sa.update(Check).values(entry_id=entry.id, handle=entry.handle))


class TestTheNonce:
    def test_a_nonce_that_was_taken_before_a_crash_is_drawn_from(self, contest: Contest) -> None:
        contest.admitted().sequence().offer()
        assert contest.tick() == [Effect.DRAW]
        assert contest.tick() == []


class TestClosing:
    def test_a_decision_that_nobody_contests_becomes_final(self, drawn: Contest) -> None:
        drawn.answer().hear().votes("keep", "keep", "keep")
        assert drawn.entry().disputed
        assert drawn.tick(CONTEST_WINDOW - timedelta(seconds=1)) == []
        assert drawn.tick(timedelta(seconds=1)) == [Effect.CLOSE]
        assert first(drawn).state is State.CLOSED
        assert not drawn.entry().disputed


class TestBeforeTheListing:
    @pytest.fixture
    def noticed(self, store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> Contest:
        return Contest(store, cast, holder, clock, listed=False)

    def test_a_report_that_is_listed_meanwhile_is_contested_from_its_first_day(self, noticed: Contest) -> None:
        noticed.clock.move(policy.RESPONSE_WINDOW - DAY)
        noticed.admitted().draw().answer()
        noticed.clock.move(DAY)
        with noticed.store.write() as session:
            list_due(session, now=noticed.now)
        assert noticed.entry().disputed
        assert noticed.appeal().entry_id == noticed.entry().id

    def test_if_the_member_was_silent_it_is_hidden_at_once(self, noticed: Contest) -> None:
        noticed.admitted().draw()
        assert noticed.tick(policy.ANSWER_LIMIT) == [Effect.SILENCE]
        noticed.clock.move(policy.RESPONSE_WINDOW)
        with noticed.store.write() as session:
            list_due(session, now=noticed.now)
        assert noticed.entry().state is EntryState.SUSPENDED

    def test_a_report_that_is_taken_back_needs_no_panel(self, noticed: Contest) -> None:
        noticed.admitted()
        with noticed.store.write() as session:
            withdraw(
                session,
                actor=noticed.cast.rui.actor,
                report_id=noticed.filing.id,
                reason="A mistake.",
                now=noticed.now,
            )
        assert noticed.tick() == [Effect.MOOT]
        assert noticed.appeal().state is State.CLOSED


@pytest.mark.parametrize("verb", [void, rehabilitate])
def test_an_entry_that_ends_elsewhere_ends_the_appeal(drawn: Contest, verb: Callable[..., Entry]) -> None:
    with drawn.store.write() as session:
        entry = session.query(Entry).filter_by(case_id=drawn.case_id).one()
        verb(session, entry, actor_id="olaf", now=drawn.now, reason="court order")
    assert drawn.tick() == [Effect.MOOT]
    assert drawn.appeal().state is State.CLOSED
    assert not drawn.entry().disputed


def test_the_draw_key_is_published_before_anything_else(store: Store, holder: Holder, clock: MovingClock) -> None:
    with store.read() as session:
        assert run_clocks(session, clock(), holder) == [Due(Effect.PUBLISH_KEY, None)]
    for wanted in (True, False):
        with store.write() as session:
            assert Due(Effect.PUBLISH_KEY, None).act(session, clock(), holder) is wanted
    with store.read() as session:
        assert run_clocks(session, clock(), holder) == []
        assert session.query(Act).filter_by(type=LeafType.KEY).count() > 0


def test_a_holder_that_is_down_keeps_no_other_clock_from_running(drawn: Contest, tmp_path: Path) -> None:
    drawn.clock.move(policy.ANSWER_LIMIT)
    with drawn.store.read() as session:
        due = run_clocks(session, drawn.now, Holder(tmp_path / "nowhere.sock"))
    assert [each.effect for each in due] == [Effect.SILENCE]


def test_what_the_worker_finds_by_columns_is_all_that_the_rules_call_due(drawn: Contest) -> None:
    """The query only narrows: nothing that is due stays behind it."""
    for days in range(40):
        with drawn.store.read() as session:
            found = {due.effect for due in run_clocks(session, drawn.now, drawn.holder)}
            facts = queries.facts_of(session, queries.get(session, drawn.appeal().id))
        assert found == set(due_effects(facts, drawn.now)), days
        drawn.clock.move(DAY)
