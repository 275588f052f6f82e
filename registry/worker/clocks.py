"""What comes due by itself: listings, recalls without an answer, and rows that are over.

Each duty acts in one transaction and says whether there may be more to do at once. The frequent ones read first, so
that a quiet registry is not locked for nothing.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from registry.accounts import replays, tokens
from registry.amendments.actions import lapse_due as lapse_amendments
from registry.appeals import listing
from registry.appeals.clocks import Due, run_clocks
from registry.checks.sweep import sweep as sweep_checks
from registry.db import truncate_journal
from registry.entries import places
from registry.entries.actions import contact_due
from registry.entries.queries import to_contact
from registry.erasures import retention
from registry.errors import ZiluError
from registry.findings import canaries
from registry.findings.actions import exhausted_panels, overdue_appeals, overdue_reviews, overturned_too_often, restrain
from registry.findings.never_applied import escalate_due as escalate_findings
from registry.findings.reminders import remind_due
from registry.orders.actions import run_clocks as run_orders
from registry.recalls.actions import escalate_due, issue_heard
from registry.recalls.queries import days_over
from registry.reports import drafts, incidents
from registry.reviews.actions import default_due as default_reviews
from registry.reviews.actions import open_due as open_reviews
from registry.running import Running

_log = structlog.get_logger("zilu.clocks")


def listings(run: Running) -> bool:
    """List the reports whose window has closed and whose appeals could be seated."""
    now = run.clock()
    with run.store.read() as session:
        if not listing.due(session, now=now):
            return False
    with run.store.write() as session:
        return bool(listing.list_due(session, now=now))


def unheard(run: Running) -> bool:
    """Write to those whose unheard entry was hit; tell its viewers when the days to answer are over."""
    now = run.clock()
    with run.store.read() as session:
        if not (to_contact(session, limit=1) or days_over(session, now, limit=1)):
            return False
    with run.store.write() as session:
        written = contact_due(session, issuer=run.issuer, now=now)
        return bool([*written, *issue_heard(session, now)])


def alarms(run: Running) -> bool:
    """Raise the alarm for whoever has asked about a canary."""
    with run.store.read() as session:
        if not canaries.unheard(session, limit=1):
            return False
    with run.store.write() as session:
        return bool(canaries.raise_alarms(session, run.clock()))


def endings(run: Running) -> bool:
    """Let entries whose end has passed leave the absence tree, however quiet the registry is."""
    with run.store.write() as session:
        return places.end(session, run.clock())


def appeals(run: Running) -> bool:
    """Carry out what has come due in appeals, each effect in a transaction of its own."""
    now = run.clock()
    with run.store.read() as session:
        due = run_clocks(session, now, run.holder)
    happened = [_done(run, each, now) for each in due]
    return any(happened)


def _done(run: Running, due: Due, now: datetime) -> bool:
    """Whether the effect happened; one that cannot happen yet must not hold up the others."""
    try:
        with run.store.write() as session:
            return due.act(session, now, run.holder)
    except ZiluError as error:
        _log.info("not yet", effect=due.effect.value, appeal=due.appeal_id, reason=error.message)
        return False


def escalations(run: Running) -> bool:
    """Tell the regulators of recalls that nobody acknowledged, and of findings that nobody answered, in time."""
    now = run.clock()
    with run.store.write() as session:
        return any([escalate_due(session, now), escalate_findings(session, now)])


def orders(run: Running) -> bool:
    """Let orders lapse and end, and tell those who see an entry again."""
    with run.store.write() as session:
        return bool(run_orders(session, run.clock()))


def amendments(run: Running) -> bool:
    """Let amendments lapse that no second person confirmed."""
    with run.store.write() as session:
        return bool(lapse_amendments(session, run.clock()))


def erasures(run: Running) -> bool:
    """Forget what a regulator has cosigned, and propose what is due. One round is all: the rest waits for people."""
    if retention.execute_cosigned(run.store, run.clock()):
        truncate_journal(run.store)
    retention.propose_due(run.store, run.clock())
    return False


def findings(run: Running) -> bool:
    """Raise what is late in appeals, and panels that cannot be filled; remind whoever has a date before them."""
    now = run.clock()
    with run.store.write() as session:
        duties = (overdue_appeals, overdue_reviews, exhausted_panels, overturned_too_often, restrain)
        raised = [duty(session, now) for duty in duties]
        return any([*raised, remind_due(session, now)])


def reviews(run: Running) -> bool:
    """Ask of each listing, at half of its term, whether it still serves its purpose; end those that nobody answers."""
    now = run.clock()
    with run.store.write() as session:
        return any([open_reviews(session, now), default_reviews(session, now)])


def sweeps(run: Running) -> bool:
    """Delete tokens, replays, tickets and days that are over, drafts, and the handles of closed checks."""
    now = run.clock()
    with run.store.write() as session:
        swept = [
            sweep(session, now=now)
            for sweep in (tokens.sweep, replays.sweep, sweep_checks, drafts.sweep, incidents.sweep)
        ]
    return any(swept)
