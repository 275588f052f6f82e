"""What an appeal does to the register. Every change of what checkers see issues its recalls in the same transaction.

Nothing here asks who may do it: the callers carry out a decision, a withdrawal or a clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from registry.appeals.models import Appeal
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import of_case as entry_of_case
from registry.entries.rules import VISIBLE
from registry.entries.rules import State as EntryState
from registry.errors import Conflict
from registry.log.actions import record
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import queries as reports
from registry.reports.actions import void as void_report
from registry.reports.rules import State as ReportState

# From the letter on: it may be in the person's hands before the clerk has recorded its service.
CONTESTABLE: Final = frozenset({ReportState.SCREENED, ReportState.NOTICED, ReportState.LISTED})
ENDED: Final = frozenset({EntryState.VOIDED, EntryState.REHABILITATED})


def entry_of(session: Session, case_id: str) -> Entry | None:
    """The entry of a case, in whatever state; None before it is listed."""
    return entry_of_case(session, case_id)


def require_contestable(session: Session, case: Case) -> None:
    """Conflict unless the case has a report in its window, or an entry that could still do harm."""
    report, entry = reports.of_case(session, case.id), entry_of(session, case.id)
    if report.state not in CONTESTABLE or (entry is not None and entry.state in ENDED):
        raise Conflict(
            "there is nothing left in this case to contest; the person may contest a report from its letter "
            "until it ends",
            code="not-allowed-now",
        )


def is_gone(session: Session, case_id: str) -> bool:
    """Whether what was contested is no more, without this appeal having decided it."""
    report, entry = reports.of_case(session, case_id), entry_of(session, case_id)
    return report.state not in CONTESTABLE or (entry is not None and entry.state in ENDED)


def dispute(session: Session, appeal: Appeal, *, actor: str, now: datetime) -> None:
    """Every hit says from now on that the entry is contested."""
    entry = entry_of(session, appeal.case_id)
    if entry is not None and not entry.disputed:
        entries.mark_disputed(session, entry, disputed=True, actor_id=actor, now=now)


def settle(session: Session, appeal: Appeal, *, actor: str, now: datetime) -> None:
    """The appeal is over, and with it the dispute, unless the case is before a court as well."""
    entry, case = entry_of(session, appeal.case_id), session.get_one(Case, appeal.case_id)
    if entry is not None and entry.disputed and case.contested_since is None:
        entries.mark_disputed(session, entry, disputed=False, actor_id=actor, now=now)


def suspend(session: Session, appeal: Appeal, *, actor: str, now: datetime, reason: str) -> None:
    """Hide the entry, if checkers can see it, and remember that this appeal did so."""
    entry = entry_of(session, appeal.case_id)
    if entry is None or entry.state not in VISIBLE:
        return
    entries.suspend(session, entry, actor_id=actor, now=now, reason=reason)
    issue(session, entry, Reason.SUSPENDED, now)
    appeal.suspended = True


def reinstate(session: Session, appeal: Appeal, *, actor: str, now: datetime, reason: str) -> None:
    """Show the entry again, if this appeal has hidden it."""
    entry = entry_of(session, appeal.case_id)
    if entry is None or not appeal.suspended or entry.state is not EntryState.SUSPENDED:
        return
    entries.reinstate(session, entry, actor_id=actor, now=now, reason=reason)
    issue(session, entry, Reason.LISTED, now)
    appeal.suspended = False


def void(session: Session, appeal: Appeal, *, actor: str, now: datetime, reason: str) -> None:
    """The entry, or the report that is not listed yet, is void; whoever was told of it is told so."""
    entry = entry_of(session, appeal.case_id)
    if entry is None:
        report = reports.of_case(session, appeal.case_id)
        void_report(session, report=report, actor_id=actor, reason=reason, now=now)
        return
    entries.void(session, entry, actor_id=actor, now=now, reason=reason)
    issue(session, entry, Reason.VOIDED, now)


def attach(session: Session, appeal: Appeal, entry: Entry, *, actor: str, now: datetime) -> None:
    """The report is listed while under appeal: the entry is contested from its first moment.

    The member's silence, if its time to answer is over, hides it at once.
    """
    dispute(session, appeal, actor=actor, now=now)
    if appeal.lapsed_at is not None:
        suspend(session, appeal, actor=actor, now=now, reason="no-answer")
    appeal.entry_id = entry.id
    key = key_of(session, session.get_one(Case, appeal.case_id))
    record(session, "appeal.attach", actor=actor, now=now, facts={"appeal": appeal.id, "entry": entry.id}, case=key)
