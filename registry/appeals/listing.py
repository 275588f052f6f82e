"""Listing: a report whose window has closed becomes an entry, if it could be contested before two panels.

What is under appeal when it is listed is contested in the same transaction, so that no check ever sees it otherwise;
and everyone whose hiring check of the person is still open is told.
"""

from __future__ import annotations

from datetime import datetime

from registry.appeals import effects, pool, queries
from registry.appeals.rules import OVER
from registry.cases.actions import hold
from registry.db import Session
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import shown
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import queries as reports
from registry.reports.models import Report


def due(session: Session, *, now: datetime, limit: int = 100) -> list[Report]:
    """Noticed reports whose window has closed and that could be seated, the longest waiting first; reads only."""
    closed = pool.unseatable(session, reports.members_due(session, now=now))
    waiting = reports.due(session, now=now, limit=limit, without=closed)
    return [each for each in waiting if pool.is_seatable(session, member_id=each.member_id, case_id=each.case_id)]


def list_due(session: Session, *, now: datetime, limit: int = 100) -> list[Entry]:
    """Entries for the reports that are due. Run again, or twice at once, it lists nothing twice."""
    waiting = due(session, now=now, limit=limit)
    return [list_report(session, report, now=now) for report in waiting if entries.is_due(session, report, now=now)]


def list_report(session: Session, report: Report, *, now: datetime) -> Entry:
    """List one; Conflict (`not-seatable`) while the roster could not seat its appeal at both instances."""
    pool.require_seatable(session, member_id=report.member_id, case_id=report.case_id)
    hold(session, report.case_id)
    entry = entries.list_report(session, report, now=now)
    appeal = queries.latest(session, report.case_id)
    if appeal is not None and appeal.state not in OVER:
        effects.attach(session, appeal, entry, actor=entries.LISTING, now=now)
    if shown(entry, now):  # neither an appeal nor an order hides it
        issue(session, entry, Reason.LISTED, now)
    return entry
