"""What is not needed any more goes: spent tickets, past days, and the handles of checks that are over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.cases.models import Case, Step
from registry.checks.forgetting import forget_checks
from registry.checks.models import Allowance, Burst, Check, ConsentGroup, ConsentLink, Ticket
from registry.checks.rules import budget_day
from registry.db import Session
from registry.log.actions import record
from registry.policy import CHECK_KEPT_HIRED, DAY


def sweep(session: Session, *, now: datetime, limit: int = 500) -> int:
    """At most `limit` rows of each kind; returns how many went or were erased.

    A check keeps its outcome and entry, so that whoever was shown the entry can still be told; without the handle
    nobody can find out any more whom it asked about.
    """
    links = list(session.scalars(sa.select(ConsentLink).where(ConsentLink.group_id.in_(_over(now))).limit(limit)))
    gone = [
        *session.scalars(sa.select(Ticket).where(Ticket.expires_at <= now - DAY).limit(limit)),
        *session.scalars(sa.select(Allowance).where(Allowance.day < budget_day(now - DAY)).limit(limit)),
        *session.scalars(sa.select(Burst).where(Burst.full_at <= now - DAY).limit(limit)),
        *session.scalars(sa.select(Step).where(Step.subject.in_([f"consent_link:{link.id}" for link in links]))),
        *links,
    ]
    for row in gone:
        session.delete(row)
    over = sa.select(Check).where(Check.handle.is_not(None), Check.kept_until <= now, ~_is_preserved(now))
    blinded = list(session.scalars(over.limit(limit)))
    forget_checks(session, blinded)
    if count := len(gone) + len(blinded):
        record(session, "check.sweep", actor="system:sweep", now=now, facts={"rows": count})
    return count


def _over(now: datetime) -> sa.Select[str]:
    """Groups whose consents prove nothing any more that is still kept."""
    return sa.select(ConsentGroup.id).where(ConsentGroup.expires_at <= now - CHECK_KEPT_HIRED)


def _is_preserved(now: datetime) -> sa.ColumnElement[bool]:
    """Whether an order keeps everything that is known of the person."""
    return sa.exists().where(Case.subject_handle == Check.handle, Case.preserved_until > now)
