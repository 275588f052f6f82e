"""Challenge somebody on the panel, and decide that. Whoever is challenged neither hears nor votes meanwhile.

Sustained, it is an interest in the case like one that the panelist has declared: the next in rank follows by the same
rule, and neither instance seats them again. There is no second draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, allowed, require
from registry.appeals import draw, queries, rules
from registry.appeals.models import Appeal, Interest, Recusal, Seat
from registry.appeals.recusal import NEXT, State, Verb, ask_until
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.notices import news
from registry.policy import News
from registry.reports.prose import verify_prose

CLOCK = "system:appeals"


def ask(session: Session, *, appeal: Appeal, seat_id: str, text: str, now: datetime, by: str | None = None) -> Recusal:
    """The subject says why whoever has this seat must not decide. Once for each panel, and before the hearing.

    Conflict with code `recusal-asked` for a second one, `too-late` once the days since they were seated are over.
    """
    words = verify_prose(text.replace("\r\n", "\n"), field="text", most=policy.REASONS_LENGTH)
    queries.hold(session, appeal)
    seat = session.get(Seat, seat_id)
    if seat is None or seat.appeal_id != appeal.id or seat.left_at is not None:
        raise NotFound("nobody has this seat on the panel now; choose one of those who sit", field="seat")
    _require_askable(session, appeal, seat, now)
    key = _key(session, appeal)
    row = Recusal(id=new_id(), case_id=appeal.case_id, appeal_id=appeal.id, seat_id=seat.id, asked_at=now)
    row.sealed_text = seal(key, row, "sealed_text", words)
    actor = by or f"subject:{appeal.case_id}"
    begin(session, row, NEXT, Verb.ASK, actor=actor, now=now)
    facts = {"recusal": row.id, "seat": seat.id}
    record(session, "recusal.ask", actor=actor, now=now, facts=facts, case=key)
    return row


def decide(session: Session, *, actor: Actor, recusal_id: str, sustain: bool, reasons: str, now: datetime) -> Recusal:
    """A clerk or regulator who has nothing to do with the panel decides; the subject is told.

    Forbidden (code `took-part`) for whoever's member has a seat on it, Conflict once it is decided.
    """
    row, appeal = _guarded(session, actor, recusal_id)
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    queries.hold(session, appeal)
    sealed = seal(_key(session, appeal), row, "sealed_reasons", reasons)
    done = {"decided_by": actor.id, "sealed_reasons": sealed}
    return _settle(session, row, appeal, Verb.SUSTAIN if sustain else Verb.DISMISS, actor.id, now, done)


def default(session: Session, appeal: Appeal, now: datetime) -> None:
    """Nobody has decided it in time: that must not be the subject's loss."""
    row = of_appeal(session, appeal.id)
    if row is not None:
        _settle(session, row, appeal, Verb.SUSTAIN, CLOCK, now, {})


def of_appeal(session: Session, appeal_id: str) -> Recusal | None:
    return session.scalar(sa.select(Recusal).where(Recusal.appeal_id == appeal_id))


def of_case(session: Session, case_id: str) -> Sequence[Recusal]:
    """In the order of asking."""
    asked = sa.select(Recusal).where(Recusal.case_id == case_id).order_by(Recusal.asked_at, Recusal.id)
    return session.scalars(asked).all()


def reasons_of(row: Recusal, key: CaseKey) -> str | None:
    """Why it was decided so; None before, and when the clock did."""
    return unseal(key, row, "sealed_reasons") if row.sealed_reasons is not None else None


def docket(session: Session, *, actor: Actor, appeal_id: str | None = None) -> list[Recusal]:
    """Those that wait, of all appeals or of one, the oldest first, without those that the actor may not decide."""
    require(actor, Action.RECUSAL_DECIDE)
    rows = session.execute(
        sa.select(Recusal, Appeal, Member.group)
        .join(Appeal, Appeal.id == Recusal.appeal_id)
        .join(Member, Member.id == Appeal.member_id)
        .where(Recusal.state == State.ASKED, Appeal.state.in_(rules.SEATED))
        .where(sa.true() if appeal_id is None else Recusal.appeal_id == appeal_id)
        .order_by(Recusal.asked_at, Recusal.id)
    )
    return [
        row
        for row, appeal, group in rows
        if allowed(actor, Action.RECUSAL_DECIDE, member_id=appeal.member_id, group=group)
        and not _sits(actor, queries.seats_of(session, appeal.id))
    ]


def open_recusal(session: Session, *, actor: Actor, recusal_id: str, now: datetime) -> tuple[Recusal, str]:
    """The subject's words, for who may decide; each opening is logged."""
    row, appeal = _guarded(session, actor, recusal_id)
    key = _key(session, appeal)
    record(session, "recusal.read", actor=actor.id, now=now, facts={"recusal": row.id}, case=key)
    return row, unseal(key, row, "sealed_text")


def _require_askable(session: Session, appeal: Appeal, seat: Seat, now: datetime) -> None:
    if of_appeal(session, appeal.id) is not None:
        raise Conflict(
            "you have challenged somebody on this panel; that can be done once, and a clerk or regulator decides it",
            code="recusal-asked",
        )
    if appeal.state not in rules.DRAWABLE:
        raise Conflict(
            "this appeal is {state}; somebody on its panel can be challenged until the hearing",
            code="not-allowed-now",
            state=appeal.state.value,
        )
    if now >= ask_until(seat.seated_at):
        raise Conflict(
            "the {days} days since they were seated are over; the panel decides as it is",
            code="too-late",
            days=policy.RECUSAL_ASKED.days,
        )


def _settle(
    session: Session, row: Recusal, appeal: Appeal, verb: Verb, actor: str, now: datetime, done: dict[str, Any]
) -> Recusal:
    advance(session, row, NEXT, verb, actor=actor, now=now, decided_at=now, **done)
    if row.state is State.SUSTAINED:
        who = session.get_one(Seat, row.seat_id).account_id
        session.add(Interest(id=new_id(), account_id=who, case_id=row.case_id, declared_at=now))
    news.tell(session, case_id=row.case_id, news=News.DECIDED, now=now)
    facts = {"recusal": row.id, "outcome": row.state.value}
    record(session, "recusal.decide", actor=actor, now=now, facts=facts, case=_key(session, appeal))
    if row.state is State.SUSTAINED and appeal.state in rules.SEATED:
        with suppress(Invalid):  # nobody is left to follow: the appeal's clock writes that down, and hides the entry
            draw.vacate(session, appeal=appeal, actor=actor, now=now)
    return row


def _guarded(session: Session, actor: Actor, recusal_id: str) -> tuple[Recusal, Appeal]:
    row = session.get(Recusal, recusal_id)
    if row is None:
        raise NotFound("nobody has been challenged so", field="id")
    appeal = queries.get(session, row.appeal_id)
    require_on(session, actor, Action.RECUSAL_DECIDE, appeal)
    if _sits(actor, queries.seats_of(session, appeal.id)):
        raise Forbidden(
            "somebody of your member sits on this panel; a clerk of another, or a regulator, decides", code="took-part"
        )
    return row, appeal


def _sits(actor: Actor, seats: Iterable[Seat]) -> bool:
    return any(actor.member_id == seat.member_id for seat in seats)


def _key(session: Session, appeal: Appeal) -> CaseKey:
    return key_of(session, session.get_one(Case, appeal.case_id))
