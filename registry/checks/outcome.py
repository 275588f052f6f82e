"""What became of a hire: while nobody says so, the check stays open and is forgotten after 90 days."""

from __future__ import annotations

from datetime import datetime

from registry.access import Action, Actor, require
from registry.checks.models import Batch, Check
from registry.checks.queries import require_check
from registry.checks.rules import kept_until
from registry.db import Session
from registry.errors import Conflict
from registry.log.actions import record
from registry.log.swap import swap
from registry.policy import Purpose


def close(session: Session, *, actor: Actor, check_id: str, hired: bool, now: datetime) -> Check:
    """Hired: the handle is kept for a year. Not hired: later listings are not told any more. Once, for good.

    The same said again changes nothing; Conflict for the opposite, for a check of present staff, or one forgotten.
    """
    check = require_check(session, actor, check_id)
    require(actor, Action.CHECK_CLOSE, member_id=check.member_id)
    batch = session.get_one(Batch, check.batch_id)
    if batch.purpose is not Purpose.HIRING:
        raise Conflict("only a hiring check has an outcome", field="id", code="not-allowed-now")
    if check.hired is hired:
        return check
    until = kept_until(Purpose.HIRING, check.at, hired=hired)
    closes = check.closes_at if hired else now
    still = Check.hired.is_(None), Check.handle.is_not(None)
    if not swap(session, check, *still, values={"hired": hired, "kept_until": until, "closes_at": closes}):
        raise Conflict("this check was closed otherwise, or is forgotten; nothing was changed", code="outdated")
    facts = {"check": check.id, "hired": hired}
    record(session, "check.close", actor=actor.id, now=now, facts=facts)
    return check
