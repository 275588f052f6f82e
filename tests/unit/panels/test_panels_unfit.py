"""Who may not decide does not; what was voted leads to a decision whatever the register says meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.access import Actor
from registry.accounts.models import Account
from registry.appeals import admission, draw, queries
from registry.appeals.models import Appeal
from registry.checks.models import Check
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.rules import VISIBLE
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid
from registry.members.models import Member, Standing
from registry.panels import actions as panels
from registry.panels.models import Decision, Vote
from registry.panels.rules import SEATS, Ballot, Choice
from registry.recalls.models import Recall
from tests.listing import check, people
from tests.unit.appeals.contest import Contest

LIVE = (*sorted(VISIBLE), EntryState.SUSPENDED)


def change(contest: Contest, statement: sa.Update) -> None:
    with contest.store.write() as session:
        session.execute(statement.execution_options(synchronize_session=False))


def bar(contest: Contest, who: Actor, way: str) -> None:
    if way == "closed":
        change(contest, sa.update(Account).where(Account.id == who.id).values(closed_at=contest.now))
    elif way == "standing":
        change(contest, sa.update(Member).where(Member.id == who.member_id).values(standing=Standing.SUSPENDED))
    else:
        of = {"member_id": "acme"} if way == "member" else {"case_number": contest.number}
        with contest.store.write() as session:
            admission.declare(session, actor=who, now=contest.now, **of)


@pytest.mark.parametrize("way", ["closed", "standing", "member", "case"])
def test_a_seat_is_worth_nothing_to_the_unfit(drawn: Contest, way: str) -> None:
    """Also in the minute before the clock gives it to the next."""
    unfit, fit, _ = drawn.answer().panel()
    bar(drawn, unfit, way)
    with pytest.raises(Forbidden):
        drawn.hear(unfit)
    drawn.hear(fit)
    with pytest.raises(Forbidden):
        drawn.vote(unfit, "keep")
    drawn.vote(fit, "keep")


def test_a_vote_of_a_seat_that_was_left_does_not_count(drawn: Contest) -> None:
    first, second, third = drawn.answer().hear().panel()
    drawn.vote(first, "keep")
    with drawn.store.write() as session:
        appeal = queries.get(session, drawn.appeal().id)
        seat = queries.seat_of(session, appeal.id, first.id)
        assert seat is not None
        draw._replace(session, appeal, seat, actor="system:appeals", now=drawn.now)
    drawn.vote(second, "void").vote(third, "keep")
    with drawn.store.read() as session:
        assert session.query(Vote).count() == SEATS
        assert session.query(Decision).count() == 0
    (follower,) = (actor for actor in drawn.panel() if actor.id not in {second.id, third.id})
    drawn.vote(follower, "void")
    with drawn.store.read() as session:
        assert session.query(Decision).one().choice is Choice.VOID


@pytest.mark.parametrize("verb", ["step_down", "hear", "vote"])
def test_the_appeal_is_held_before_the_seat_is_looked_at(
    drawn: Contest, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL: what was done meanwhile in another transaction is seen."""
    order: list[str] = []
    for name in ("hold", "seat_of"):
        monkeypatch.setattr(queries, name, _noting(order, name))
    who = drawn.panel()[0]
    with drawn.store.write() as session:
        appeal = queries.get(session, drawn.appeal().id)
        with pytest.raises(Conflict):
            _do(session, verb, who, appeal, drawn)
            raise Conflict("done")
        session.rollback()
    assert order[:2] == ["hold", "seat_of"]


def _noting(order: list[str], name: str) -> object:
    real = getattr(queries, name)

    def noted(*args: object) -> object:
        order.append(name)
        return real(*args)

    return noted


def _do(session: Session, verb: str, who: Actor, appeal: Appeal, contest: Contest) -> None:
    if verb == "step_down":
        draw.step_down(session, actor=who, appeal=appeal, now=contest.now)
    elif verb == "hear":
        panels.hear(session, actor=who, appeal=appeal, notes="All were heard.", now=contest.now)
    else:
        panels.vote(session, actor=who, appeal=appeal, choice="keep", reasons="So be it.", now=contest.now)


class _Undo(Exception):
    pass


@contextmanager
def undone(contest: Contest) -> Iterator[Session]:
    try:
        with contest.store.write() as session:
            yield session
            raise _Undo
    except _Undo:
        pass


BALLOTS = st.one_of(
    st.sampled_from([Ballot(Choice.KEEP), Ballot(Choice.SUSPEND), Ballot(Choice.VOID)]),
    st.builds(lambda days: Ballot(Choice.SHORTEN, term_days=days), st.integers(1, 40_000)),
    st.builds(lambda level: Ballot(Choice.CORRECT, level=level), st.integers(1, 4)),
)


@pytest.fixture
def heard(drawn: Contest) -> Contest:
    return drawn.answer().hear()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BALLOTS, min_size=SEATS, max_size=SEATS), st.sampled_from(LIVE), st.sampled_from(LIVE), st.booleans())
def test_every_ballot_that_is_taken_leads_to_a_decision(
    heard: Contest, ballots: list[Ballot], before: EntryState, after: EntryState, permanent: bool
) -> None:
    """Whatever live state the entry is in when the votes begin, and when the third is cast."""
    with undone(heard) as session:
        appeal = queries.get(session, heard.appeal().id)
        entry = session.query(Entry).filter_by(case_id=heard.case_id).one()
        _set(session, entry, state=before, **({"until": None} if permanent else {}))
        for place, (who, ballot) in enumerate(zip(heard.panel(), ballots, strict=True)):
            if place == SEATS - 1:
                _set(session, entry, state=after)
            try:
                panels._ballot(session, appeal, ballot.choice.value, ballot.term_days, ballot.level)
            except Invalid:
                ballot = Ballot(Choice.CORRECT, level=1)
            panels.vote(
                session,
                actor=who,
                appeal=appeal,
                choice=ballot.choice.value,
                reasons="So be it.",
                now=heard.now,
                term_days=ballot.term_days,
                level=ballot.level,
            )
        assert session.query(Decision).count() == 1


def _set(session: Session, entry: Entry, **values: object) -> None:
    change = sa.update(Entry).where(Entry.id == entry.id).values(**values)
    session.execute(change.execution_options(synchronize_session=False))
    session.refresh(entry)


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("choice", Choice)
def test_every_choice_can_be_decided_in_every_live_state(heard: Contest, choice: Choice, state: EntryState) -> None:
    change(heard, sa.update(Entry).where(Entry.case_id == heard.case_id).values(state=state))
    heard.votes(choice.value, choice.value, choice.value, term_days=90, level=1)
    with heard.store.read() as session:
        assert session.query(Decision).one().choice is choice


@pytest.mark.parametrize(("choice", "seen"), [("correct", "corrected"), ("shorten", "shortened")])
@pytest.mark.parametrize("state", [EntryState.LISTED, EntryState.SUSPENDED])
def test_a_change_of_a_hidden_entry_is_not_told(heard: Contest, state: EntryState, choice: str, seen: str) -> None:
    """It stays hidden: somebody else than this appeal has suspended it."""
    check(heard.store, heard.holder, people(1), heard.cast.hana.actor, heard.now)
    with heard.store.write() as session:
        entry = session.query(Entry).filter_by(case_id=heard.case_id).one()
        session.execute(sa.update(Check).values(entry_id=entry.id, handle=entry.handle))
    change(heard, sa.update(Entry).where(Entry.case_id == heard.case_id).values(state=state))
    heard.votes(choice, choice, choice, term_days=90, level=1)
    hidden = state is EntryState.SUSPENDED
    assert (heard.entry().state is EntryState.SUSPENDED) is hidden
    with heard.store.read() as session:
        assert [recall.reason.value for recall in session.query(Recall)] == ([] if hidden else [seen])


def test_a_level_that_has_become_milder_meanwhile_stays_so(heard: Contest) -> None:
    """The third vote must not fail for what the first two said."""
    change(heard, sa.update(Entry).where(Entry.case_id == heard.case_id).values(level=2))
    first, second, third = heard.panel()
    heard.vote(first, "correct", level=2).vote(second, "correct", level=2)
    change(heard, sa.update(Entry).where(Entry.case_id == heard.case_id).values(level=1))
    heard.vote(third, "keep")
    assert heard.entry().level == 1
