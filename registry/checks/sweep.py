"""What is not needed any more goes: spent tickets, past days, and the handles of checks that are over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.checks.models import Allowance, Check, Ticket
from registry.checks.rules import budget_day
from registry.db import Session
from registry.log.actions import record
from registry.policy import CHECK_KEPT_HIRED, DAY


def sweep(session: Session, *, now: datetime, limit: int = 500) -> int:
    """At most `limit` rows of each kind; returns how many went or were erased.

    A check keeps its outcome and entry, so that whoever was shown the entry can still be told; without the handle
    nobody can find out any more whom it asked about.
    """
    gone = [
        *session.scalars(sa.select(Ticket).where(Ticket.expires_at <= now - DAY).limit(limit)),
        *session.scalars(sa.select(Allowance).where(Allowance.day < budget_day(now - DAY)).limit(limit)),
    ]
    for row in gone:
        session.delete(row)
    over = list(session.scalars(sa.select(Check).where(Check.handle.is_not(None), _is_over(now)).limit(limit)))
    for check in over:
        check.handle = None
    if count := len(gone) + len(over):
        record(session, "check.sweep", actor="system:sweep", now=now, facts={"rows": count})
    return count


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    """A hiring check when it closes; one of present staff after a year."""
    kept_until = now - CHECK_KEPT_HIRED
    return sa.or_(Check.closes_at <= now, sa.and_(Check.closes_at.is_(None), Check.at <= kept_until))
