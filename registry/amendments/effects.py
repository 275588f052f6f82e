"""What an amendment does once two have signed it: to the report before it is listed, to the entry after.

Whoever was shown the entry is told in the same transaction. Nothing here asks who may do it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from registry import policy
from registry.amendments import queries
from registry.amendments.models import Amendment
from registry.amendments.rules import NEXT, Amended, Changes, Kind, Verb
from registry.appeals import queries as appeals
from registry.appeals import rules as appeal_rules
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import of_case
from registry.entries.rules import VISIBLE
from registry.errors import Conflict
from registry.log.swap import swap
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import rules as report_rules
from registry.reports.models import Report


def take(
    session: Session, row: Amendment, said: Amended, case: Case, report: Report, *, by: str, now: datetime
) -> None:
    """Carry it out; the caller has verified it, writes to the person, and records."""
    entry = of_case(session, case.id)
    if said.kind is Kind.CONTEST:
        _contest(session, case, entry, by, now)
    elif said.kind is Kind.VOID and entry is not None:
        entries.void(session, entry, actor_id=by, now=now, reason=f"amendment {row.id}", by_letter=True)
        issue(session, entry, Reason.VOIDED, now)
    elif entry is not None:
        _amend_entry(session, entry, row, said, by, now)
    else:
        _amend_report(session, report, said.changes, now)
    if said.settles is not None:
        _settle(session, case, entry, said.settles, by, now)


def _contest(session: Session, case: Case, entry: Entry | None, by: str, now: datetime) -> None:
    case.contested_since = case.contested_since or now
    if entry is not None and not entry.disputed:
        entries.mark_disputed(session, entry, disputed=True, actor_id=by, now=now)


def _settle(session: Session, case: Case, entry: Entry | None, contest_id: str, by: str, now: datetime) -> None:
    """The outcome is told: the mark goes, unless another proceeding or an appeal is open."""
    advance(session, session.get_one(Amendment, contest_id), NEXT, Verb.SETTLE, actor=by, now=now)
    if queries.contests(session, case.id):
        return
    case.contested_since = None
    is_open = any(appeal.state not in appeal_rules.OVER for appeal in appeals.of_case(session, case.id))
    if entry is not None and entry.disputed and not is_open:
        entries.mark_disputed(session, entry, disputed=False, actor_id=by, now=now)


def _amend_entry(session: Session, entry: Entry, row: Amendment, said: Amended, by: str, now: datetime) -> None:
    changes, is_correction = said.changes, said.kind is Kind.CORRECTION
    how: dict[str, Any] = {"actor_id": by, "now": now, "reason": f"amendment {row.id}", "by_letter": True}
    how |= {"level": changes.level, "until": _earlier(entry, changes.term_days)}
    if is_correction:
        entries.correct(session, entry, offence=changes.offence, basis=changes.basis, **how)
    else:
        entries.revise(session, entry, **how)
    if entry.state in VISIBLE:  # of a hidden entry they hear when it is shown again
        issue(session, entry, Reason.CORRECTED if is_correction else Reason.REVISED, now)


def _earlier(entry: Entry, term_days: int | None) -> datetime | None:
    """The end that the term gives, if that is before the present one."""
    if term_days is None:
        return None
    until = report_rules.until(entry.listed_at, term_days)
    return until if entry.until is None or (until is not None and until < entry.until) else None


def _amend_report(session: Session, report: Report, changes: Changes, now: datetime) -> None:
    """Before it is listed; whoever was written to has the policy's least to answer what is new."""
    values: dict[str, Any] = {"level": changes.level, "basis": changes.basis, "offence": changes.offence}
    if changes.offence is not None:
        values["offence_version"] = policy.OFFENCES[changes.offence].version
    values = {name: value for name, value in values.items() if value is not None}
    values["term_days"] = report_rules.capped_days(
        report.term_days if changes.term_days is None else changes.term_days, values.get("level", report.level)
    )
    if report.window_closes_at is not None:
        values["window_closes_at"] = max(report.window_closes_at, now + policy.WINDOW_AT_LEAST)
    if not swap(session, report, Report.state == report.state, values=values):
        raise Conflict("this report has changed meanwhile; read it again", code="outdated")
