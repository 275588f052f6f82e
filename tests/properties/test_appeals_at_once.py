"""Two people at the same moment: exactly one wins, the other is told why. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from registry import policy
from registry.access import Actor
from registry.appeals import actions, admission, draw, queries
from registry.appeals.clocks import Due
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal, Draw, Seat
from registry.appeals.rules import Effect, State
from registry.cases.models import Case, Step
from registry.db import Session
from registry.entries.rules import State as EntryState
from registry.keys.holder import Holder
from registry.panels import actions as panels
from registry.panels.models import Decision, Vote
from tests.at_once import Both, at_once, both, errors, pg_server, pg_url
from tests.conftest import MovingClock
from tests.unit.appeals.contest import NONCE, Contest

__all__ = ["both", "pg_server", "pg_url"]


@pytest.fixture
def contest(both: Both, holder: Holder, clock: MovingClock) -> Contest:
    """A listed case, on either database."""
    return Contest(*both, holder, clock)


def steps(contest: Contest, verb: str) -> int:
    with contest.store.read() as session:
        return session.query(Step).filter(Step.subject.startswith("appeal:"), Step.verb == verb).count()


def rows(contest: Contest, kind: type[Draw] | type[Seat] | type[Vote] | type[Decision] | type[Appeal]) -> int:
    with contest.store.read() as session:
        return session.query(kind).count()


def test_one_of_two_appeals_is_lodged(contest: Contest) -> None:
    def lodge(session: Session) -> object:
        case = session.get_one(Case, contest.case_id)
        return actions.lodge(session, case=case, grounds=["not-true"], text="No.", lane="normal", now=contest.now)

    given = at_once(contest.store, lodge, lodge)
    assert len(errors(given)) == 1
    assert rows(contest, Appeal) == 1


def test_one_of_admission_and_refusal_holds(contest: Contest) -> None:
    appeal_id = contest.lodge().attest().appeal().id

    def decide(verb: Callable[..., object]) -> Callable[[Session], object]:
        return lambda session: verb(
            session,
            actor=contest.cast.cleo.actor,
            appeal=queries.get(session, appeal_id),
            reasons="So be it.",
            now=contest.now,
        )

    given = at_once(
        contest.store, decide(admission.admit), decide(partial(admission.refuse, ground=Inadmissible.ANOTHER_MATTER))
    )
    assert len(errors(given)) == 1
    state = contest.appeal().state
    assert state in (State.ADMITTED, State.INADMISSIBLE)
    assert rows(contest, Draw) == (state is State.ADMITTED)
    assert steps(contest, "admit") + steps(contest, "refuse") == 1


def test_one_of_two_nonces_is_taken_and_the_panel_is_drawn_once(contest: Contest) -> None:
    appeal_id = contest.admitted().sequence().appeal().id

    def offer(nonce: bytes) -> Callable[[Session], object]:
        return lambda session: draw.offer_nonce(
            session, appeal=queries.get(session, appeal_id), nonce=nonce, now=contest.now
        )

    given = at_once(contest.store, offer(NONCE), offer(b"2" * 32))
    assert len(errors(given)) == 1
    with contest.store.read() as session:
        nonce = session.query(Draw).one().nonce
    assert nonce is not None

    def seat(session: Session) -> object:
        return draw.draw(session, queries.get(session, appeal_id), nonce, contest.holder, contest.now)

    at_once(contest.store, seat, seat)
    assert rows(contest, Seat) == policy.SEATS


def test_the_last_two_votes_decide_together_exactly_once(contest: Contest) -> None:
    first, second, third = contest.heard().panel()
    contest.vote(first, "void")
    given = at_once(contest.store, *(cast_vote(contest, actor) for actor in (second, third)))
    assert errors(given) == []
    assert rows(contest, Decision) == steps(contest, "decide") == 1
    assert contest.entry().state is EntryState.VOIDED


def test_one_of_two_votes_of_one_seat_counts(contest: Contest) -> None:
    first, *_ = contest.heard().panel()
    given = at_once(contest.store, cast_vote(contest, first), cast_vote(contest, first))
    assert len(errors(given)) == 1
    assert rows(contest, Vote) == 1


def test_one_of_answer_and_silence_holds(contest: Contest) -> None:
    appeal_id, token = contest.seated().appeal().id, contest.answer_token()
    contest.clock.move(policy.ANSWER_LIMIT)

    def answer(session: Session) -> object:
        appeal = queries.get(session, appeal_id)
        return actions.answer(
            session,
            actor=contest.cast.rui.actor,
            appeal=appeal,
            statement=token,
            issuer="http://127.0.0.1:8420",
            now=contest.now,
        )

    def silence(session: Session) -> object:
        return Due(Effect.SILENCE, appeal_id).act(session, contest.now, contest.holder)

    at_once(contest.store, answer, silence)
    assert steps(contest, "answer") + steps(contest, "lapse") == 1
    assert (contest.entry().state is EntryState.SUSPENDED) == (steps(contest, "lapse") == 1)


def test_two_workers_suspend_once(contest: Contest) -> None:
    appeal_id = contest.seated().appeal().id
    contest.clock.move(policy.ANSWER_LIMIT)

    def silence(session: Session) -> object:
        return Due(Effect.SILENCE, appeal_id).act(session, contest.now, contest.holder)

    given = at_once(contest.store, silence, silence)
    assert [one for one in given if one is True] == [True]
    assert steps(contest, "lapse") == 1


def cast_vote(contest: Contest, actor: Actor) -> Callable[[Session], object]:
    return lambda session: panels.vote(
        session,
        actor=actor,
        appeal=queries.get(session, contest.appeal().id),
        choice="void",
        reasons="So be it.",
        now=contest.now,
    )
