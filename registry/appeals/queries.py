"""Appeals by case, their draws and seats, and the facts that their clocks look at."""

from __future__ import annotations

import sqlalchemy as sa

from registry.appeals.effects import entry_of, is_gone
from registry.appeals.models import Appeal, Draw, Seat
from registry.appeals.rules import Facts
from registry.db import Session
from registry.errors import NotFound


def get(session: Session, appeal_id: str) -> Appeal:
    appeal = session.get(Appeal, appeal_id)
    if appeal is None:
        raise NotFound("there is no such appeal", field="id")
    return appeal


def of_case(session: Session, case_id: str) -> list[Appeal]:
    """Every appeal of a case in the order of their lodging."""
    return list(session.scalars(sa.select(Appeal).where(Appeal.case_id == case_id).order_by(Appeal.number)))


def latest(session: Session, case_id: str) -> Appeal | None:
    return session.scalars(
        sa.select(Appeal).where(Appeal.case_id == case_id).order_by(Appeal.number.desc()).limit(1)
    ).first()


def draw_of(session: Session, appeal_id: str) -> Draw | None:
    """The draw of an appeal's panel; None until it is admitted."""
    return session.scalar(sa.select(Draw).where(Draw.appeal_id == appeal_id))


def seats_of(session: Session, appeal_id: str) -> list[Seat]:
    """Who sits now, by rank; those who left are not among them."""
    seats = sa.select(Seat).where(Seat.appeal_id == appeal_id, Seat.left_at.is_(None)).order_by(Seat.rank)
    return list(session.scalars(seats))


def seat_of(session: Session, appeal_id: str, account_id: str) -> Seat | None:
    """The account's present seat on the appeal's panel."""
    held = sa.select(Seat).where(Seat.appeal_id == appeal_id, Seat.account_id == account_id, Seat.left_at.is_(None))
    return session.scalar(held)


def facts_of(session: Session, appeal: Appeal) -> Facts:
    """What deadlines and effects are computed from."""
    draw = draw_of(session, appeal.id)
    return Facts(
        state=appeal.state,
        lane=appeal.lane,
        instance=appeal.instance,
        lodged_at=appeal.lodged_at,
        informed_at=appeal.informed_at,
        began_at=appeal.began_at,
        proofed_at=appeal.proofed_at,
        admitted_at=appeal.admitted_at,
        decided_at=appeal.decided_at,
        nonce=draw is not None and draw.nonce is not None,
        seated=draw is not None and draw.v is not None,
        gone=is_gone(session, appeal.case_id),
        unattached=appeal.entry_id is None and entry_of(session, appeal.case_id) is not None,
    )
