"""Random acts by random people at random times: the steps tell the state, the votes stay shut, the register follows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from registry import policy
from registry.access import Actor
from registry.appeals.models import Appeal, Draw, Seat
from registry.appeals.rules import CONTEST_WINDOW, NEXT, OVER, State
from registry.cases.models import Step
from registry.cases.steps import replay
from registry.db import Base, Session
from registry.entries import actions as entry_actions
from registry.entries.models import Entry
from registry.entries.queries import visible
from registry.entries.rules import NEXT as ENTRY_NEXT
from registry.entries.rules import VISIBLE
from registry.entries.rules import State as EntryState
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.log.models import Act
from registry.notices.models import Message
from registry.panels.models import Decision, Hearing, Vote
from registry.panels.rules import Choice
from registry.reports.models import Report
from registry.reports.rules import NEXT as REPORT_NEXT
from tests.attested import unattested
from tests.conftest import MovingClock
from tests.unit.appeals.contest import Contest, Prepared, listed, more_panelists

__all__ = ["listed"]

TABLES: dict[type[Base], Any] = {Appeal: NEXT, Entry: ENTRY_NEXT, Report: REPORT_NEXT}
PEOPLE = ("rui", "ana", "ben", "cleo", "sol", "vera", "eva", "rex", "olaf", "seat0", "seat1", "seat2")


def actor_of(contest: Contest, who: str) -> Actor:
    """A name of the cast, or whoever holds a seat now (the clerk when nobody does: who may not vote)."""
    if not who.startswith("seat"):
        return contest.cast[who].actor
    panel = contest.panel() if contest_has_appeal(contest) else []
    place = int(who.removeprefix("seat"))
    return panel[place] if place < len(panel) else contest.cast.cleo.actor


def contest_has_appeal(contest: Contest) -> bool:
    with contest.store.read() as session:
        return session.query(Appeal).first() is not None


def answer(contest: Contest, who: str) -> None:
    signer = contest.cast[who] if who in ("rui", "ana", "ben") else contest.cast.rui
    contest.answer(contest.answer_token(signer), actor_of(contest, who))


def attest(contest: Contest, who: str) -> None:
    contest.attest(actor=actor_of(contest, who))


def draw(contest: Contest, who: str) -> None:
    contest.draw(who.encode().ljust(32, b"\0"))


def end_elsewhere(contest: Contest, _who: str) -> None:
    with contest.store.write() as session:
        entry = session.query(Entry).one()
        entry_actions.void(session, entry, actor_id="olaf", now=contest.now, reason="order")


def vote(choice: Choice) -> Callable[[Contest, str], object]:
    how = {Choice.SHORTEN: {"term_days": 60}, Choice.CORRECT: {"level": 1}}.get(choice, {})
    return lambda contest, who: contest.vote(actor_of(contest, who), choice, **how)


VERBS: dict[str, Callable[[Contest, str], object]] = {
    "lodge": lambda contest, _: contest.lodge(),
    "urgent": lambda contest, _: contest.lodge(lane="urgent"),
    "attest": attest,
    "admit": lambda contest, who: contest.admit(actor_of(contest, who)),
    "refuse": lambda contest, who: contest.refuse(actor_of(contest, who)),
    "offer": lambda contest, who: contest.offer(who.encode().ljust(32, b"\0")),
    "draw": draw,
    "answer": answer,
    "hear": lambda contest, who: contest.hear(actor_of(contest, who)),
    **{f"vote-{choice.value}": vote(choice) for choice in Choice},
    "contest": lambda contest, _: contest.contest(),
    "withdraw": lambda contest, _: contest.withdraw(),
    "end": end_elsewhere,
}
WITHOUT_APPEAL = {"lodge", "urgent", "attest", "withdraw", "end"}
# The straight way, from which a walk may stray anywhere.
WAY = [
    ("lodge", "rui"), ("attest", "vera"), ("admit", "cleo"), ("draw", "rex"), ("answer", "rui"), ("hear", "seat0"),
    ("vote-keep", "seat0"), ("vote-keep", "seat1"), ("vote-suspend", "seat2"), ("contest", "rui"), ("admit", "cleo"),
    ("draw", "rex"), ("answer", "ana"), ("hear", "seat1"), ("vote-void", "seat0"), ("vote-void", "seat1"),
    ("vote-shorten", "seat2"),
]  # fmt: skip

stray = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(PEOPLE))
pause = st.sampled_from([timedelta(), timedelta(hours=1), policy.NONCE_LIMIT, policy.ANSWER_LIMIT, CONTEST_WINDOW])
moves = st.lists(st.tuples(stray, pause), max_size=8)
walks = st.tuples(st.integers(0, len(WAY)), moves, st.integers(0, len(WAY)))


@contextmanager
def fresh(listed: Prepared) -> Iterator[Contest]:
    folder = Path(tempfile.mkdtemp(prefix="zilu-"))
    try:
        with listed.resumed(folder / "registry.db", MovingClock()) as contest:
            more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
            yield contest.renumbered()
    finally:
        shutil.rmtree(folder)


def counts(contest: Contest) -> list[int]:
    kinds: list[Any] = [Act, Step, Appeal, Draw, Seat, Hearing, Vote, Decision, Message]
    with contest.store.read() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0 for kind in kinds]


def tried(contest: Contest, name: str, who: str) -> None:
    """Either it is done, or it is refused on purpose and has changed nothing."""
    if name not in WITHOUT_APPEAL and not contest_has_appeal(contest):
        return
    contest.sequence()
    before = counts(contest)
    try:
        VERBS[name](contest, who)
    except (Conflict, Forbidden, Invalid, NotFound):
        # A nonce is taken in a transaction of its own, before the draw that may be refused.
        assert name == "draw" or counts(contest) == before


def work(contest: Contest) -> None:
    """The worker comes by until nothing is due."""
    for _ in range(5):
        contest.sequence()
        try:
            happened = contest.tick()
        except Invalid as error:
            if error.code != "pool-too-small":
                raise
            return  # nobody is left to take the seat: the worker says so every round
        if not happened:
            return
    raise AssertionError("something is due for ever")


def verify(contest: Contest) -> None:
    with contest.store.read() as session:
        verify_steps_tell_the_state(session)
        verify_votes_are_opened_together(session)
        verify_the_register_follows(session, contest)
        appeals = session.scalars(sa.select(Appeal)).all()
        on_trial = [appeal for appeal in appeals if appeal.state not in OVER | {State.SECOND_INSTANCE}]
        assert len(on_trial) <= 1
        verify_nobody_decided_on_their_own(session)


def verify_steps_tell_the_state(session: Session) -> None:
    for kind, table in TABLES.items():
        for row in session.scalars(sa.select(kind)):
            name = f"{kind.__tablename__}:{row.id}"  # type: ignore[attr-defined]
            steps = session.scalars(sa.select(Step).where(Step.subject == name).order_by(Step.number)).all()
            assert [step.number for step in steps] == list(range(1, len(steps) + 1))
            assert replay(table, steps) is row.state  # type: ignore[attr-defined]


def verify_votes_are_opened_together(session: Session) -> None:
    for appeal in session.scalars(sa.select(Appeal)):
        votes = session.scalars(sa.select(Vote).where(Vote.appeal_id == appeal.id)).all()
        decided = session.scalar(sa.select(Decision).where(Decision.appeal_id == appeal.id)) is not None
        assert {vote.opened_at is not None for vote in votes} in (set(), {decided})
        assert decided is (appeal.decided_at is not None)
        assert not decided or len(votes) == policy.SEATS


def verify_the_register_follows(session: Session, contest: Contest) -> None:
    entry = session.scalars(sa.select(Entry)).one()
    seen = entry.handle in visible(session, [entry.handle], contest.now)
    assert seen == (entry.state in VISIBLE and (entry.until is None or contest.now < entry.until))
    voided = session.scalars(sa.select(Decision).where(Decision.choice == Choice.VOID)).first()
    assert voided is None or entry.state is EntryState.VOIDED
    is_open = session.scalars(sa.select(Appeal).where(Appeal.state.not_in(OVER))).first() is not None
    assert entry.disputed is is_open


def verify_nobody_decided_on_their_own(session: Session) -> None:
    deciding = ("admit", "refuse", "hear")
    actors = session.scalars(sa.select(Step.actor).where(Step.subject.startswith("appeal:"), Step.verb.in_(deciding)))
    assert set(actors) <= {"clerk", *session.scalars(sa.select(Seat.account_id))}
    seats = session.scalars(sa.select(Seat)).all()
    assert {seat.member_id for seat in seats} & {"acme", "eagle"} == set()
    assert len({seat.account_id for seat in seats}) == len(seats)  # nobody sits in both instances


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=8, deadline=None, phases=PHASES, derandomize=True)
@given(walk=walks)
def test_whatever_is_tried_the_house_stays_in_order(listed: Prepared, walk: tuple[int, list[Any], int]) -> None:
    verify_walk(listed, *walk)


@pytest.mark.long
@settings(max_examples=40, deadline=None, phases=PHASES)
@given(walk=walks)
def test_whatever_is_tried_at_length(listed: Prepared, walk: tuple[int, list[Any], int]) -> None:
    verify_walk(listed, *walk)


def verify_walk(listed: Prepared, straight: int, strays: list[Any], on: int) -> None:
    with fresh(listed) as contest:
        for name, who in WAY[:straight]:
            tried(contest, name, who)
        for (name, who), by in strays:
            tried(contest, name, who)
            contest.clock.move(by)
            work(contest)
            verify(contest)
        for name, who in WAY[straight : straight + on]:
            tried(contest, name, who)
        verify(contest)
        assert unattested(contest.store) <= {f"case:{contest.case_id}"}  # this test renumbers its case


def test_the_straight_way_leads_to_the_end(listed: Prepared) -> None:
    """Else the walks above would prove nothing."""
    with fresh(listed) as contest:
        for name, who in WAY:
            contest.sequence()
            VERBS[name](contest, who)
            verify(contest)
        with contest.store.read() as session:
            states = session.scalars(sa.select(Appeal.state).order_by(Appeal.number)).all()
        assert states == [State.CLOSED, State.CLOSED]
        assert contest.entry().state is EntryState.VOIDED
