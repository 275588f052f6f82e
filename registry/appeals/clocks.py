"""What happens to appeals when nobody does anything. The worker asks what is due and carries it out, one at a time.

Each effect is one transaction of its own; done twice, or by two workers at once, it happens once. An effect that
cannot happen yet (the log has not published, the key holder is down) raises, and is due again the next time.

    for due in run_clocks(session, now, holder):       a reading session
        with store.write() as session:
            due.act(session, now, holder)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.accounts.models import Account
from registry.appeals import draw, effects, queries, recusals, rules
from registry.appeals.actions import finish
from registry.appeals.models import Appeal, Draw, Recusal, Seat, Vote
from registry.appeals.recusal import State as RecusalState
from registry.appeals.rules import NEXT, Effect, Lane, State, Verb
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.rules import VISIBLE
from registry.errors import Invalid, Unavailable
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.members.models import Member
from registry.notices.actions import send
from registry.reports.models import Report

CLOCK: Final = "system:appeals"


@dataclass(frozen=True, slots=True)
class Due:
    """One effect on one appeal; `appeal_id` is None for what concerns them all."""

    effect: Effect
    appeal_id: str | None

    def act(self, session: Session, now: datetime, holder: Holder) -> bool:
        """Carry it out if it is still due, and say whether it was. The caller commits."""
        if self.appeal_id is None:
            return draw.publish_key(session, draw_public=holder.public().draw_public, now=now)
        appeal = queries.get(session, self.appeal_id)
        if self.effect not in rules.due_effects(queries.facts_of(session, appeal), now):
            return False
        _ACTS[self.effect](session, appeal, now, holder)
        return True


def run_clocks(session: Session, now: datetime, holder: Holder, limit: int = 100) -> list[Due]:
    """What is due now in at most `limit` appeals, the oldest first; reads only."""
    first = [Due(Effect.PUBLISH_KEY, None)] if _key_is_new(session, holder) else []
    appeals = session.scalars(_candidates(now).order_by(Appeal.lodged_at, Appeal.id).limit(limit))
    due = (
        Due(effect, appeal.id)
        for appeal in appeals
        for effect in rules.due_effects(queries.facts_of(session, appeal), now)
    )
    return [*first, *due]


def _key_is_new(session: Session, holder: Holder) -> bool:
    """Whether the draw key has no clear leaf yet. A holder that is down keeps no other clock from running."""
    try:
        return not draw.is_published(session, holder.public().draw_public)
    except Unavailable:
        return False


def _candidates(now: datetime) -> sa.Select[Appeal]:
    """Appeals in which something could be due, by columns alone; `rules.due_effects` has the last word."""
    shortest = min(rules.answer_limit(lane) for lane in Lane)
    silent = sa.and_(Appeal.state == State.ADMITTED, Appeal.admitted_at <= now - shortest)
    undrawn = sa.and_(Appeal.state.in_(rules.DRAWABLE), Draw.v.is_(None), Draw.nonce.is_not(None))
    final = sa.and_(Appeal.state == State.DECIDED, Appeal.decided_at <= now - rules.CONTEST_WINDOW)
    gone = sa.or_(Report.state.not_in(effects.CONTESTABLE), Entry.state.in_(effects.ENDED))
    moot = sa.and_(Appeal.state.in_(rules.MOOTABLE), gone)
    hopeless = sa.and_(Appeal.exhausted_at.is_not(None), Appeal.began_at < now - policy.APPEAL_LIMIT)
    return (
        sa.select(Appeal)
        .join(Case, Case.id == Appeal.case_id)
        .join(Report, Report.case_id == Appeal.case_id)
        .outerjoin(Entry, Entry.case_id == Appeal.case_id)
        .outerjoin(Draw, Draw.appeal_id == Appeal.id)
        .where(Case.wrapped_key.is_not(None), Appeal.state.not_in(rules.OVER))
        .where(sa.or_(silent, undrawn, final, moot, hopeless, _challenged(now), _vacant(now), _harmful(now)))
    )


def _challenged(now: datetime) -> sa.ColumnElement[bool]:
    """Nobody has decided in time whether a challenged panelist stays."""
    late = sa.and_(Recusal.state == RecusalState.ASKED, Recusal.asked_at <= now - policy.RECUSAL_DECIDED)
    return sa.exists().where(Recusal.appeal_id == Appeal.id, late)


def _vacant(now: datetime) -> sa.ColumnElement[bool]:
    """A seat without a vote is held by somebody who cannot decide, or who has had their time."""
    voted = sa.exists().where(Vote.seat_id == Seat.id)
    awaited = sa.select(Seat.id).where(Seat.appeal_id == Appeal.id, Seat.left_at.is_(None), ~voted)
    holders = awaited.join(Account, Account.id == Seat.account_id).join(Member, Member.id == Account.member_id)
    unfit = holders.where(queries.barred(member_id=Appeal.member_id, case_id=Appeal.case_id)).exists()
    late = (
        sa.and_(kind, awaited.where(Seat.seated_at < now - rules.follower_limit(lane, instance)).exists())
        for lane, instance, kind in _undecided(now)
    )
    return sa.or_(
        sa.and_(Appeal.state.in_(rules.SEATED), unfit), sa.and_(Appeal.state.in_(rules.VOTABLE), sa.or_(*late))
    )


def _harmful(now: datetime) -> sa.ColumnElement[bool]:
    """The decision is late, and checkers still see the entry."""
    late = sa.or_(Appeal.began_at < now - policy.APPEAL_LIMIT, *(kind for *_, kind in _undecided(now)))
    seen = sa.and_(Entry.state.in_(VISIBLE), Appeal.suspended.is_(False))
    return sa.and_(Appeal.state.in_(rules.UNDECIDED), seen, late)


def _undecided(now: datetime) -> Iterator[tuple[Lane, int, sa.ColumnElement[bool]]]:
    """For each kind of appeal: that it should have been decided."""
    for lane, instance in product(Lane, range(1, rules.INSTANCES + 1)):
        is_kind = sa.and_(Appeal.lane == lane, Appeal.instance == instance)
        yield lane, instance, sa.and_(is_kind, Appeal.proofed_at < now - rules.decision_limit(lane, instance))


def _silence(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    """The member did not answer: its listing does not stand until a panel has decided."""
    advance(session, appeal, NEXT, Verb.LAPSE, actor=CLOCK, now=now, lapsed_at=now)
    effects.suspend(session, appeal, actor=CLOCK, now=now, reason="no-answer")
    _close_act(session, appeal, "appeal.lapse", now)


def _draw(session: Session, appeal: Appeal, now: datetime, holder: Holder) -> None:
    row = queries.draw_of(session, appeal.id)
    if row is not None and row.nonce is not None:
        draw.draw(session, appeal, row.nonce, holder, now)


def _recuse(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    queries.hold(session, appeal)
    recusals.default(session, appeal, now)


def _vacate(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    """When nobody is left to follow, that is written down once, and the entry hidden: it could not be contested."""
    try:
        draw.vacate(session, appeal=appeal, actor=CLOCK, now=now)
    except Invalid:
        if appeal.exhausted_at is not None:
            raise
        effects.suspend(session, appeal, actor=CLOCK, now=now, reason="no-panel")
        appeal.exhausted_at = now
        _close_act(session, appeal, "appeal.exhausted", now)


def _suspend(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    """The registry is late, and that must not be the subject's loss."""
    effects.suspend(session, appeal, actor=CLOCK, now=now, reason="not-decided-in-time")
    _close_act(session, appeal, "appeal.overdue", now)


def _moot(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    advance(session, appeal, NEXT, Verb.MOOT, actor=CLOCK, now=now, closed_at=now)
    finish(session, appeal, actor=CLOCK, now=now)
    _close_act(session, appeal, "appeal.moot", now)


def _default(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    """Nobody is left who could decide. What could not be contested before a panel cannot stand."""
    advance(session, appeal, NEXT, Verb.DEFAULT, actor=CLOCK, now=now, closed_at=now)
    effects.void(session, appeal, actor=CLOCK, now=now, reason="no-panel")
    finish(session, appeal, actor=CLOCK, now=now)
    _close_act(session, appeal, "appeal.default", now)


def _close(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    advance(session, appeal, NEXT, Verb.CLOSE, actor=CLOCK, now=now, closed_at=now)
    finish(session, appeal, actor=CLOCK, now=now)
    _close_act(session, appeal, "appeal.close", now)


def _close_act(session: Session, appeal: Appeal, verb: str, now: datetime) -> None:
    """Tell the member, then log."""
    payload = {"type": verb, "id": appeal.id}
    send(session, channel="webhook", member_id=appeal.member_id, kind=verb, payload=payload, now=now)
    key = key_of(session, session.get_one(Case, appeal.case_id))
    record(session, verb, actor=CLOCK, now=now, facts={"appeal": appeal.id}, case=key)


_ACTS: Mapping[Effect, Callable[[Session, Appeal, datetime, Holder], None]] = MappingProxyType(
    {
        Effect.SILENCE: _silence,
        Effect.DRAW: _draw,
        Effect.RECUSE: _recuse,
        Effect.VACATE: _vacate,
        Effect.SUSPEND: _suspend,
        Effect.MOOT: _moot,
        Effect.DEFAULT: _default,
        Effect.CLOSE: _close,
    }
)
