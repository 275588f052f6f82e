"""Nobody on a panel can keep an appeal from being decided, and a late decision is not the subject's loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import policy
from registry.access import Actor
from registry.accounts.models import Account
from registry.appeals import admission, draw, queries
from registry.appeals.clocks import Due, run_clocks
from registry.appeals.redraw import redraw
from registry.appeals.rules import Effect, Facts, Lane, State, due_effects, follower_limit
from registry.cases.models import Case
from registry.entries.actions import reinstate
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.errors import Invalid
from registry.findings.actions import exhausted_panels
from registry.findings.rules import Kind
from registry.members.models import Member, Standing
from registry.notices.models import Message
from tests.conftest import START
from tests.unit.appeals.contest import Contest, more_panelists

SECOND = timedelta(seconds=1)
FOLLOWER = follower_limit(Lane.NORMAL, 1)


def write(contest: Contest, statement: sa.Update) -> None:
    with contest.store.write() as session:
        session.execute(statement.execution_options(synchronize_session=False))


def close_account(contest: Contest, who: Actor) -> None:
    write(contest, sa.update(Account).where(Account.id == who.id).values(closed_at=contest.now))


def suspend_member(contest: Contest, who: Actor) -> None:
    write(contest, sa.update(Member).where(Member.id == who.member_id).values(standing=Standing.SUSPENDED))


def declare_member(contest: Contest, who: Actor) -> None:
    with contest.store.write() as session:
        admission.declare(session, actor=who, now=contest.now, member_id="acme")


def declare_case(contest: Contest, who: Actor) -> None:
    with contest.store.write() as session:
        admission.declare(session, actor=who, now=contest.now, case_number=contest.number)


WAYS = (close_account, suspend_member, declare_member, declare_case)


def sitting(contest: Contest) -> list[str]:
    return [seat.account_id for seat in contest.seats()]


def differs(contest: Contest) -> list[tuple[str, ...]]:
    contest.sequence()
    with contest.store.read() as session:
        return [again.differs for again in redraw(session, session.get_one(Case, contest.case_id))]


def proofed_at(contest: Contest) -> datetime:
    at = contest.appeal().proofed_at
    assert at is not None
    return at


def decision_due(contest: Contest) -> Contest:
    """The last moment at which the first instance is in time."""
    contest.clock.move(proofed_at(contest) + policy.DECISION_LIMIT - contest.now)
    return contest


@pytest.fixture
def spare(contest: Contest) -> Contest:
    """A drawn panel with four panelists of four further members behind it."""
    more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
    return contest.seated()


class TestTheUnfit:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("before", ["admitted", "answered", "heard"])
    def test_the_next_in_rank_follows_and_the_draw_still_repeats(
        self, drawn: Contest, way: Callable[[Contest, Actor], None], before: str
    ) -> None:
        if before != "admitted":
            drawn.answer()
        if before == "heard":
            drawn.hear()
        first, second, third = sitting(drawn)
        way(drawn, drawn.panel()[1])
        assert drawn.tick() == [Effect.VACATE]
        now = sitting(drawn)
        assert second not in now
        assert {first, third} < set(now)
        assert len(now) == policy.SEATS
        assert differs(drawn) == [()]
        assert drawn.tick() == []

    def test_another_interest_takes_no_seat(self, drawn: Contest) -> None:
        with drawn.store.write() as session:
            admission.declare(session, actor=drawn.panel()[0], now=drawn.now, member_id="birch")
        assert drawn.tick() == []

    def test_whoever_follows_is_fit_and_the_draw_repeats(self, spare: Contest) -> None:
        """The next in rank has an interest too: passed over, they leave the seat as they take it."""
        with spare.store.read() as session:
            row = queries.draw_of(session, spare.appeal().id)
            assert row is not None
            ranked = [panelist.id for panelist in draw.ranking(row)]
        followers = [account for account in ranked if account not in sitting(spare)]
        write(spare, sa.update(Account).where(Account.id == followers[0]).values(closed_at=spare.now))
        leaver = spare.panel()[0]
        with spare.store.write() as session:
            appeal = queries.get(session, spare.appeal().id)
            follower = draw.step_down(session, actor=leaver, appeal=appeal, now=spare.now)
        assert follower.account_id == followers[1]
        assert followers[0] not in sitting(spare)
        assert differs(spare) == [()]

    def test_a_vote_that_was_cast_stays(self, drawn: Contest) -> None:
        first = drawn.answer().hear().panel()[0]
        drawn.vote(first, "void")
        declare_case(drawn, first)
        assert drawn.tick() == []
        assert first.id in sitting(drawn)

    def test_the_panel_decides_with_whoever_followed(self, drawn: Contest) -> None:
        drawn.answer().hear()
        first, second, third = drawn.panel()
        drawn.vote(first, "void").vote(second, "void")
        close_account(drawn, third)
        drawn.tick()
        (follower,) = (actor for actor in drawn.panel() if actor.id not in {first.id, second.id})
        drawn.vote(follower, "void")
        assert drawn.entry().state is EntryState.VOIDED

    def test_one_is_replaced_although_nobody_is_left_for_the_other(self, drawn: Contest) -> None:
        """Four can be drawn; two of those who sit become unfit."""
        first, second, third = sitting(drawn)
        for actor in drawn.panel()[:2]:
            close_account(drawn, actor)
        drawn.tick()
        assert second in sitting(drawn)
        assert first not in sitting(drawn)
        assert differs(drawn) == [()]
        assert drawn.tick() == [Effect.VACATE]  # nobody is left: that is written down, once
        assert drawn.appeal().exhausted_at == drawn.now
        with pytest.raises(Invalid) as refused:
            drawn.tick()
        assert refused.value.code == "pool-too-small"
        assert third in sitting(drawn)
        assert len(sitting(drawn)) == policy.SEATS

    def test_a_panel_that_cannot_be_filled_hides_the_entry_and_is_somebodys_business(self, drawn: Contest) -> None:
        for actor in drawn.panel()[:2]:
            close_account(drawn, actor)
        drawn.tick()
        assert drawn.entry().state is EntryState.LISTED
        drawn.tick()
        assert drawn.entry().state is EntryState.SUSPENDED
        with drawn.store.write() as session:
            (finding,) = exhausted_panels(session, drawn.now)
            assert (finding.kind, finding.appeal_id) == (Kind.PANEL_EXHAUSTED, drawn.appeal().id)
        with drawn.store.write() as session:
            assert exhausted_panels(session, drawn.now) == []
            told = session.scalars(sa.select(Message.member_id).where(Message.kind == "finding.raised"))
            assert sorted(member or "" for member in told) == ["operator", "regulator"]

    def test_what_nobody_is_left_to_decide_is_void_when_the_time_is_over(self, drawn: Contest) -> None:
        for actor in drawn.panel()[:2]:
            close_account(drawn, actor)
        drawn.tick()
        drawn.tick()
        drawn.clock.move(proofed_at(drawn) + policy.APPEAL_LIMIT - drawn.now)
        assert Due(Effect.DEFAULT, drawn.appeal().id) not in due(drawn)
        assert drawn.tick(SECOND) == [Effect.DEFAULT]
        assert (drawn.appeal().state, drawn.appeal().decided_at) == (State.CLOSED, None)
        assert drawn.entry().state is EntryState.VOIDED
        assert not drawn.entry().disputed
        assert drawn.tick() == []

    def test_of_two_workers_one_does_it(self, spare: Contest) -> None:
        close_account(spare, spare.panel()[0])
        with spare.store.read() as session:
            (due,) = run_clocks(session, spare.now, spare.holder)
        for wanted in (True, False):
            with spare.store.write() as session:
                assert due.act(session, spare.now, spare.holder) is wanted

    def test_the_followers_member_is_called(self, drawn: Contest) -> None:
        before = called(drawn)
        close_account(drawn, drawn.panel()[0])
        drawn.tick()
        assert called(drawn) == before + 1


def called(contest: Contest) -> int:
    with contest.store.read() as session:
        return session.query(Message).filter_by(kind="panel.seated").count()


class TestTheAbsent:
    def test_after_the_decision_date_those_without_a_vote_are_followed(self, spare: Contest) -> None:
        voter = spare.answer().hear().panel()[0]
        decision_due(spare.vote(voter, "keep"))
        absent = set(sitting(spare)) - {voter.id}
        assert spare.tick() == []
        assert spare.tick(SECOND) == [Effect.VACATE, Effect.SUSPEND]
        assert voter.id in sitting(spare)
        assert not absent & set(sitting(spare))
        assert differs(spare) == [()]

    def test_a_panel_that_does_not_hear_is_followed_too(self, spare: Contest) -> None:
        before = set(sitting(spare.answer()))
        decision_due(spare).tick(SECOND)
        assert not before & set(sitting(spare))

    def test_who_follows_has_time_of_their_own(self, spare: Contest) -> None:
        spare.answer().hear()
        decision_due(spare).tick(SECOND)
        assert spare.tick(FOLLOWER) == []
        followers = sitting(spare)
        assert spare.tick(SECOND) == [Effect.VACATE]
        assert len(set(sitting(spare)) - set(followers)) == 1  # the seventh and last of the pool
        assert spare.tick() == [Effect.VACATE]
        assert spare.appeal().exhausted_at == spare.now
        with pytest.raises(Invalid) as refused:
            spare.tick()
        assert refused.value.code == "pool-too-small"

    def test_while_the_member_is_asked_nobody_is_absent(self) -> None:
        asked = facts(State.ADMITTED, admitted_at=START, seated=True, nonce=True)
        assert Effect.VACATE not in due_effects(asked, START + 100 * timedelta(days=1))


def facts(state: State, **known: object) -> Facts:
    began = {"lodged_at": START, "began_at": START, "proofed_at": START, "awaited_since": START}
    return Facts(**{"state": state, "lane": Lane.NORMAL, "instance": 1, **began, **known})  # type: ignore[arg-type]


class TestTheLateDecision:
    def test_it_suspends_the_entry_once(self, contest: Contest) -> None:
        """The clerk never admits it."""
        decision_due(contest.lodge().attest())
        assert contest.tick() == []
        assert contest.tick(SECOND) == [Effect.SUSPEND]
        assert contest.entry().state is EntryState.SUSPENDED
        assert contest.appeal().suspended
        assert contest.tick(policy.APPEAL_LIMIT) == []

    def test_what_somebody_else_shows_again_is_not_hidden_twice(self, contest: Contest) -> None:
        decision_due(contest.lodge().attest()).tick(SECOND)
        with contest.store.write() as session:
            entry = session.query(Entry).filter_by(case_id=contest.case_id).one()
            reinstate(session, entry, actor_id="olaf", now=contest.now, reason="court order")
        assert contest.tick(policy.APPEAL_LIMIT) == []

    def test_the_member_is_told(self, contest: Contest) -> None:
        decision_due(contest.lodge().attest()).tick(SECOND)
        with contest.store.read() as session:
            assert session.query(Message).filter_by(kind="appeal.overdue", member_id="acme").count() == 1

    def test_a_decision_to_keep_shows_it_again(self, spare: Contest) -> None:
        spare.answer().hear()
        decision_due(spare).tick(SECOND)
        spare.votes("keep", "keep", "keep")
        assert spare.entry().state is EntryState.LISTED

    def test_an_appeal_that_is_refused_late_leaves_the_listing_as_it_was(self, contest: Contest) -> None:
        decision_due(contest.lodge().attest()).tick(SECOND)
        contest.refuse()
        assert contest.entry().state is EntryState.LISTED

    def test_the_end_of_both_instances_counts_for_the_second(self) -> None:
        second = facts(State.PROOFED, instance=2, harms=True, proofed_at=START + 40 * timedelta(days=1))
        end = START + policy.APPEAL_LIMIT
        assert due_effects(second, end) == []
        assert due_effects(second, end + SECOND) == [Effect.SUSPEND]

    def test_nothing_is_hidden_once_it_is_decided(self, contest: Contest) -> None:
        contest.decided()
        contest.clock.move(policy.DECISION_LIMIT)
        assert Due(Effect.SUSPEND, contest.appeal().id) not in due(contest)
        assert contest.entry().state is EntryState.LISTED


def due(contest: Contest) -> list[Due]:
    with contest.store.read() as session:
        return run_clocks(session, contest.now, contest.holder)


@pytest.mark.parametrize(("lane", "way"), [(Lane.NORMAL, declare_case), (Lane.URGENT, suspend_member)])
def test_what_the_worker_finds_by_columns_is_all_that_the_rules_call_due(
    contest: Contest, lane: Lane, way: Callable[[Contest, Actor], None]
) -> None:
    contest.lodge(lane=lane.value).attest().admit().draw().answer().hear()
    contest.vote(contest.panel()[2], "keep")
    for days in range(48):
        if days == 30:
            way(contest, contest.panel()[0])
        with contest.store.read() as session:
            known = queries.facts_of(session, queries.get(session, contest.appeal().id))
        assert {each.effect for each in due(contest)} == set(due_effects(known, contest.now)), days
        contest.clock.move(timedelta(days=1))
