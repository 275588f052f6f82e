"""What happens to appeals when nobody does anything. The worker asks what is due and carries it out, one at a time.

Each effect is one transaction of its own; done twice, or by two workers at once, it happens once. An effect that
cannot happen yet (the log has not published, the key holder is down) raises, and is due again the next time.

    for due in run_clocks(session, now, holder):       a reading session
        with store.write() as session:
            due.act(session, now, holder)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from registry.appeals import draw, effects, queries, rules
from registry.appeals.actions import finish
from registry.appeals.models import Appeal
from registry.appeals.rules import NEXT, Effect, Verb
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.notices.actions import send

CLOCK: Final = "system:appeals"


@dataclass(frozen=True, slots=True)
class Due:
    """One effect on one appeal."""

    effect: Effect
    appeal_id: str

    def act(self, session: Session, now: datetime, holder: Holder) -> bool:
        """Carry it out if it is still due, and say whether it was. The caller commits."""
        appeal = queries.get(session, self.appeal_id)
        if self.effect not in rules.due_effects(queries.facts_of(session, appeal), now):
            return False
        _ACTS[self.effect](session, appeal, now, holder)
        return True


def run_clocks(session: Session, now: datetime, holder: Holder, limit: int = 100) -> list[Due]:
    """What is due now in at most `limit` appeals, the oldest first; reads only."""
    open_ones = sa.select(Appeal).join(Case, Case.id == Appeal.case_id).where(Case.wrapped_key.is_not(None))
    running = open_ones.where(Appeal.state.not_in(rules.OVER)).order_by(Appeal.lodged_at, Appeal.id)
    due: list[Due] = []
    for appeal in session.scalars(running):
        due += [Due(effect, appeal.id) for effect in rules.due_effects(queries.facts_of(session, appeal), now)]
        if len(due) >= limit:
            break
    return due


def _silence(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    """The member did not answer: its listing does not stand until a panel has decided."""
    advance(session, appeal, NEXT, Verb.LAPSE, actor=CLOCK, now=now, lapsed_at=now)
    effects.suspend(session, appeal, actor=CLOCK, now=now, reason="no-answer")
    _close_act(session, appeal, "appeal.lapse", now)


def _zero_nonce(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    draw.offer_nonce(session, appeal=appeal, nonce=draw.ZEROS, now=now, actor=CLOCK)


def _draw(session: Session, appeal: Appeal, now: datetime, holder: Holder) -> None:
    row = queries.draw_of(session, appeal.id)
    if row is not None and row.nonce is not None:
        draw.draw(session, appeal, row.nonce, holder, now)


def _attach(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    effects.attach(session, appeal, actor=CLOCK, now=now)
    _close_act(session, appeal, "appeal.attach", now)


def _moot(session: Session, appeal: Appeal, now: datetime, _holder: Holder) -> None:
    advance(session, appeal, NEXT, Verb.MOOT, actor=CLOCK, now=now, closed_at=now)
    finish(session, appeal, actor=CLOCK, now=now)
    _close_act(session, appeal, "appeal.moot", now)


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
        Effect.ZERO_NONCE: _zero_nonce,
        Effect.DRAW: _draw,
        Effect.ATTACH: _attach,
        Effect.MOOT: _moot,
        Effect.CLOSE: _close,
    }
)
