"""Whether a member may file now: a restrained one files less, or nothing (`registry.restraints`)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.clock import rfc3339
from registry.db import Session
from registry.errors import Conflict
from registry.reports.models import Report
from registry.restraints.actions import require_not_suspended


def require_may_file(session: Session, member_id: str, now: datetime) -> None:
    """Forbidden for a suspended member; Conflict (code `filing-throttled`) that says until when, for a throttled."""
    if require_not_suspended(session, member_id) is None:
        return
    filed = sa.select(Report.filed_at).where(Report.member_id == member_id, Report.filed_at > now - policy.DAY)
    last = list(session.scalars(filed.order_by(Report.filed_at.desc()).limit(policy.THROTTLED_FILINGS)))
    if len(last) == policy.THROTTLED_FILINGS:
        raise Conflict(
            "your member files {most} a day until a regulator lifts this, for its listings were "
            "overturned too often; the next from {at} on",
            code="filing-throttled",
            most=policy.THROTTLED_FILINGS,
            at=rfc3339(last[-1] + policy.DAY),
        )
