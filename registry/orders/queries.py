"""Orders, for the two sides that sign them; who is told of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case
from registry.db import Session
from registry.errors import NotFound
from registry.members.models import Kind, Member
from registry.orders import rules
from registry.orders.models import Order, Withdrawal
from registry.signing import jws


def by_id(session: Session, order_id: str) -> Order:
    row = session.get(Order, order_id)
    if row is None:
        raise NotFound("there is no such order", field="id")
    return row


def page(session: Session, *, actor: Actor) -> list[Order]:
    """Those that are issued or in force, the oldest first."""
    require(actor, Action.ORDER_READ)
    return list(
        session.scalars(sa.select(Order).where(Order.state.in_(rules.OPEN)).order_by(Order.issued_at, Order.id))
    )


def words_of(session: Session, row: Order) -> dict[str, Any]:
    """The signed payload; NotFound once the case is erased."""
    key = key_of(session, session.get_one(Case, row.case_id))
    return jws.parse(unseal(key, row, "sealed_statement"), typ=rules.ORDER).payload


def in_force(session: Session, case_id: str, instruction: rules.Instruction, now: datetime) -> Order | None:
    """A confirmed order of this kind whose date has not come."""
    wanted = sa.select(Order).where(Order.case_id == case_id, Order.instruction == instruction)
    return session.scalars(
        wanted.where(Order.state == rules.State.IN_FORCE, Order.until > now).order_by(Order.issued_at).limit(1)
    ).first()


def holds_until(session: Session, case_id: str, instruction: rules.Instruction) -> datetime | None:
    """The latest date until which any order of this kind holds, as they stand; None when none does."""
    rows = session.scalars(sa.select(Order).where(Order.case_id == case_id, Order.instruction == instruction))
    dates = (
        rules.holds_until(row.state, issued_at=row.issued_at, until=row.until, by_regulator=row.side is Kind.REGULATOR)
        for row in rows
    )
    return max((date for date in dates if date is not None), default=None)


def withdrawals(session: Session, row: Order) -> list[Withdrawal]:
    """What has been signed to lift it, by one side or both."""
    signed = sa.select(Withdrawal).where(Withdrawal.order_id == row.id)
    return list(session.scalars(signed.order_by(Withdrawal.signed_at, Withdrawal.id)))


def withdrawn_words(session: Session, row: Order) -> dict[str, Any] | None:
    """What the first side has signed to lift it; None while nobody has."""
    signed = withdrawals(session, row)
    if not signed:
        return None
    key = key_of(session, session.get_one(Case, row.case_id))
    return jws.parse(unseal(key, signed[0], "sealed_statement"), typ=rules.WITHDRAWAL).payload


def other_side(session: Session, side: Kind) -> list[str]:
    """The members that may confirm what `side` issued."""
    return _members(session, Kind.OPERATOR if side is Kind.REGULATOR else Kind.REGULATOR)


def told(session: Session) -> list[str]:
    """Both sides."""
    return [*_members(session, Kind.OPERATOR), *_members(session, Kind.REGULATOR)]


def _members(session: Session, kind: Kind) -> list[str]:
    return list(session.scalars(sa.select(Member.id).where(Member.kind == kind).order_by(Member.id)))
