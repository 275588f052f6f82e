"""Which cases are over, since when, and what keeps them nevertheless."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.appeals import rules as appeal_rules
from registry.appeals.models import Appeal
from registry.cases.models import Case, Step
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.erasures.models import Erasure
from registry.errors import Conflict
from registry.orders import queries as orders
from registry.orders.rules import Instruction
from registry.policy import Ending
from registry.reports.models import Report
from registry.reports.rules import State as ReportState

_ENDED = (EntryState.VOIDED, EntryState.REHABILITATED)
_UNLISTED = (ReportState.REFUSED, ReportState.WITHDRAWN, ReportState.VOIDED)


def ending_of(session: Session, case: Case, now: datetime) -> Ending | None:
    """The ground on which the case may be forgotten now; None while there is none."""
    if orders.in_force(session, case.id, Instruction.ERASE, now) is not None:
        return Ending.ORDERED
    for ending in policy.KEPT_AFTER:
        if session.scalar(sa.select(Case.id).where(Case.id == case.id, Case.id.in_(_over(ending, now)))) is not None:
            return ending
    return None


def require_ending(session: Session, case: Case, now: datetime) -> Ending:
    """The ground; Conflict while the case must be kept, or when it has been forgotten already."""
    if case.wrapped_key is None:
        raise Conflict("this case has been erased", code="not-allowed-now")
    if case.preserved_until is not None and case.preserved_until > now:
        raise Conflict("an order preserves this case; nothing of it is erased before its date", code="preserved")
    open_appeal = sa.select(Appeal.id).where(Appeal.case_id == case.id, Appeal.state.not_in(appeal_rules.OVER))
    if session.scalar(open_appeal.limit(1)) is not None:
        raise Conflict("an appeal of this case is open; it must be over first", code="appeal-open")
    ending = ending_of(session, case, now)
    if ending is None:
        raise Conflict("the time to keep this case is not over", code="too-early")
    return ending


def due(session: Session, now: datetime, limit: int) -> list[Case]:
    """Cases whose time is over and for which nobody has proposed an erasure; also those that must yet be kept."""
    over = sa.or_(*(Case.id.in_(_over(ending, now)) for ending in policy.KEPT_AFTER))
    wanted = sa.select(Case).where(Case.wrapped_key.is_not(None), over, ~sa.exists().where(Erasure.case_id == Case.id))
    kept = sa.or_(Case.preserved_until.is_(None), Case.preserved_until <= now)
    open_appeal = sa.exists().where(Appeal.case_id == Case.id, Appeal.state.not_in(appeal_rules.OVER))
    return list(session.scalars(wanted.where(kept, ~open_appeal).order_by(Case.opened_at, Case.id).limit(limit)))


def _over(ending: Ending, now: datetime) -> sa.Select[str]:
    """The cases that ended so, long enough ago."""
    before = now - policy.KEPT_AFTER[ending]
    if ending is Ending.EXPIRED:
        return sa.select(Entry.case_id).where(Entry.until <= before, Entry.state.not_in(_ENDED))
    if ending is Ending.ENDED:
        moved = sa.exists().where(Step.subject == "entry:" + Entry.id, Step.after == Entry.state, Step.at <= before)
        return sa.select(Entry.case_id).where(Entry.state.in_(_ENDED), moved)
    moved = sa.exists().where(Step.subject == "report:" + Report.id, Step.after == Report.state, Step.at <= before)
    listed = sa.exists().where(Entry.report_id == Report.id)
    return sa.select(Report.case_id).where(Report.state.in_(_UNLISTED), moved, ~listed)
