"""Appeals by case, their draws and seats, who may sit, and the facts that their clocks look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from registry.accounts.models import Account
from registry.appeals.effects import entry_of, is_gone
from registry.appeals.models import Appeal, Draw, Interest, Recusal, Seat, Vote
from registry.appeals.recusal import State as RecusalState
from registry.appeals.rules import Facts
from registry.db import Session
from registry.entries.rules import VISIBLE
from registry.errors import NotFound
from registry.members.models import Member, Standing


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


def decided(session: Session, case_id: str) -> list[Appeal]:
    """Those that a panel has decided."""
    return [appeal for appeal in of_case(session, case_id) if appeal.decided_at is not None]


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


def hold(session: Session, appeal: Appeal) -> None:
    """One at a time: whoever hears, votes or changes who sits sees all that was done before.

    PostgreSQL; SQLite has one writer anyway.
    """
    session.execute(sa.select(Appeal.id).where(Appeal.id == appeal.id).with_for_update())
    session.refresh(appeal)


def barred(*, member_id: Any, case_id: Any) -> sa.ColumnElement[bool]:
    """Of an account joined with its member: it cannot sit where `member_id` filed `case_id` (columns or values)."""
    of_this = sa.or_(Interest.member_id == member_id, Interest.case_id == case_id)
    interested = sa.exists().where(Interest.account_id == Account.id, of_this)
    return sa.or_(Account.closed_at.is_not(None), Member.standing != Standing.ADMITTED, interested)


def unfit(session: Session, appeal: Appeal, accounts: Iterable[str]) -> set[str]:
    """Who of these cannot decide: closed, of a member not in good standing, or with an interest declared since."""
    found = sa.select(Account.id).join(Member, Member.id == Account.member_id).where(Account.id.in_(list(accounts)))
    return set(session.scalars(found.where(barred(member_id=appeal.member_id, case_id=appeal.case_id))))


def awaited(session: Session, appeal_id: str) -> list[Seat]:
    """The seats that have not voted, by rank; a vote that was cast stays."""
    voted = sa.exists().where(Vote.seat_id == Seat.id)
    seats = sa.select(Seat).where(Seat.appeal_id == appeal_id, Seat.left_at.is_(None), ~voted).order_by(Seat.rank)
    return list(session.scalars(seats))


def challenged(session: Session, appeal_id: str) -> Recusal | None:
    """The subject's challenge to somebody on this panel that nobody has decided."""
    asked = sa.select(Recusal).where(Recusal.appeal_id == appeal_id, Recusal.state == RecusalState.ASKED)
    return session.scalar(asked)


def facts_of(session: Session, appeal: Appeal) -> Facts:
    """What deadlines and effects are computed from."""
    draw, entry, seats = draw_of(session, appeal.id), entry_of(session, appeal.case_id), awaited(session, appeal.id)
    recusal = challenged(session, appeal.id)
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
        unfit=bool(unfit(session, appeal, [seat.account_id for seat in seats])),
        awaited_since=min((seat.seated_at for seat in seats), default=None),
        exhausted=appeal.exhausted_at is not None,
        challenged_at=recusal.asked_at if recusal else None,
        harms=entry is not None and entry.state in VISIBLE and not appeal.suspended,
    )
