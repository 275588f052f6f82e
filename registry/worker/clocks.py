"""What comes due by itself: listings, recalls without an answer, and rows that are over.

Each duty acts in one transaction and says whether there may be more to do at once. The frequent ones read first, so
that a quiet registry is not locked for nothing.
"""

from __future__ import annotations

from registry.accounts import replays, tokens
from registry.checks.sweep import sweep as sweep_checks
from registry.entries.actions import list_due
from registry.recalls.actions import escalate_due, issue
from registry.recalls.rules import Reason
from registry.reports import queries as reports
from registry.running import Running


def listings(run: Running) -> bool:
    """List the reports whose window has closed, and tell those whose hiring check of the person is still open."""
    now = run.clock()
    with run.store.read() as session:
        if not reports.due(session, now=now, limit=1):
            return False
    with run.store.write() as session:
        entries = list_due(session, now=now)
        for entry in entries:
            issue(session, entry, Reason.LISTED, now)
    return bool(entries)


def escalations(run: Running) -> bool:
    """Tell the regulators of recalls that nobody acknowledged in time."""
    with run.store.write() as session:
        return bool(escalate_due(session, run.clock()))


def sweeps(run: Running) -> bool:
    """Delete tokens, replays, tickets and days that are over, and the handles of checks that have closed."""
    now = run.clock()
    with run.store.write() as session:
        swept = [sweep(session, now=now) for sweep in (tokens.sweep, replays.sweep, sweep_checks)]
    return any(swept)
