"""What was amended, in words; what waits for its second signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.access import Action, Actor
from registry.amendments import rules
from registry.amendments.models import Amendment, AmendmentConfirmation
from registry.amendments.rules import Kind, State
from registry.cases.actions import unseal
from registry.db import Session
from registry.errors import NotFound
from registry.log.actions import CaseKey
from registry.reports import queries as reports
from registry.signing import jws


@dataclass(frozen=True, slots=True)
class Told:
    """An amendment with its signed words. `confirmed_at` is when it took effect."""

    row: Amendment
    words: dict[str, Any] = field(repr=False)
    confirmed_at: datetime | None


def guarded(session: Session, *, actor: Actor, amendment_id: str, action: Action) -> Amendment:
    """The amendment, if the actor may do `action` to those of its member; else NotFound or Forbidden."""
    row = session.get(Amendment, amendment_id)
    if row is None:
        raise NotFound("there is no such amendment")
    reports.guarded(session, actor=actor, report_id=row.report_id, action=action)
    return row


def of_case(session: Session, key: CaseKey, *, only_taken: bool = False) -> list[Told]:
    """All of a case, the oldest first; `only_taken` leaves out what has had no effect."""
    wanted = sa.select(Amendment, AmendmentConfirmation.confirmed_at).outerjoin(
        AmendmentConfirmation, AmendmentConfirmation.amendment_id == Amendment.id
    )
    if only_taken:
        wanted = wanted.where(Amendment.state.in_(rules.TAKEN))
    rows = session.execute(
        wanted.where(Amendment.case_id == key.case_id).order_by(Amendment.signed_at, Amendment.id)
    ).all()
    return [Told(row, words_of(row, key), confirmed_at) for row, confirmed_at in rows]


def taken(session: Session, case_id: str) -> list[tuple[Kind, datetime]]:
    """Which kinds of amendment have taken effect, and when, the oldest first."""
    rows = (
        sa.select(Amendment.kind, AmendmentConfirmation.confirmed_at)
        .join(AmendmentConfirmation, AmendmentConfirmation.amendment_id == Amendment.id)
        .where(Amendment.case_id == case_id)
        .order_by(AmendmentConfirmation.confirmed_at, Amendment.id)
    )
    return [(kind, at) for kind, at in session.execute(rows)]


def words_of(row: Amendment, key: CaseKey) -> dict[str, Any]:
    """The signed payload."""
    return jws.parse(unseal(key, row, "sealed_statement"), typ=rules.AMENDMENT).payload


def waiting(session: Session, case_id: str, kind: Kind) -> bool:
    """Whether one of this kind waits for its second signature."""
    signed = sa.select(Amendment.id).where(Amendment.case_id == case_id, Amendment.state == State.SIGNED)
    return session.scalar(signed.where(Amendment.kind == kind).limit(1)) is not None


def hides_until(session: Session, case_id: str) -> datetime | None:
    """Until when the entry is hidden because its member takes it back; None when nothing waits to be confirmed."""
    waiting = sa.select(sa.func.max(Amendment.signed_at)).where(Amendment.case_id == case_id)
    signed = session.scalar(waiting.where(Amendment.kind == Kind.VOID, Amendment.state == State.SIGNED))
    return rules.confirm_by(signed) if signed is not None else None


def has_lapsed(session: Session, case_id: str, kind: Kind, account_id: str) -> bool:
    """Whether one of this kind that the account signed was not confirmed: by itself it hides an entry only once."""
    lapsed = sa.select(Amendment.id).where(Amendment.case_id == case_id, Amendment.state == State.LAPSED)
    return session.scalar(lapsed.where(Amendment.kind == kind, Amendment.account_id == account_id).limit(1)) is not None


def of_member(session: Session, member_id: str) -> list[Amendment]:
    """What waits for its second signature, the oldest first."""
    signed = sa.select(Amendment).where(Amendment.member_id == member_id, Amendment.state == State.SIGNED)
    return list(session.scalars(signed.order_by(Amendment.signed_at, Amendment.id)))


def contests(session: Session, case_id: str) -> list[Amendment]:
    """The proceedings that are open as far as the member has told."""
    open_ = sa.select(Amendment).where(Amendment.case_id == case_id, Amendment.kind == Kind.CONTEST)
    return list(session.scalars(open_.where(Amendment.state == State.IN_FORCE).order_by(Amendment.id)))
