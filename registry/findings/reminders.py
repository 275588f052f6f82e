"""Remind whoever owes something, before its date: what is not done then becomes a finding, or is escalated.

How long before is policy (`policy.REMIND_BEFORE`). Each reminder is sent once, through the outbox, and names the thing
by its id. A reminder that was missed (the worker stood still) is not made up for: the next one is sent, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.amendments.models import Amendment
from registry.amendments.rules import State as AmendmentState
from registry.amendments.rules import confirm_by
from registry.appeals import queries, rules
from registry.appeals.models import Appeal
from registry.appeals.rules import Duty, State
from registry.db import Session
from registry.findings.actions import regulators
from registry.findings.models import Finding, Reminder
from registry.findings.rules import State as FindingState
from registry.findings.rules import reminder_due
from registry.log.actions import record
from registry.members.models import Member, Standing
from registry.notices import news
from registry.notices.actions import send
from registry.policy import CONFIRMED_WITHIN, RECALL_ACK, RESPONSE_WINDOW, REVIEW_LIMIT, News
from registry.recalls.models import Recall
from registry.recalls.rules import due_at
from registry.reports.models import Report
from registry.reports.rules import State as ReportState
from registry.reviews.models import Review
from registry.reviews.rules import State as ReviewState

CLOCK = "system:reminders"


@dataclass(frozen=True, slots=True)
class Owed:
    """`members` owe `duty` (of the thing `id`) between two dates; without any, the date is the subject's own."""

    duty: str
    id: str
    since: datetime
    by: datetime
    members: tuple[str, ...]
    case_id: str | None = None


def remind_due(session: Session, now: datetime, limit: int = 100) -> list[Reminder]:
    """Send the reminders that are due, at most `limit`."""
    sent: list[Reminder] = []
    members = (_of_appeals, _of_amendments, _of_reviews, _of_recalls, _of_findings)
    for owed in (owed for of in (*members, _of_windows, _of_decisions, _of_draws) for owed in of(session, now)):
        before = reminder_due(since=owed.since, by=owed.by, now=now)
        if before is not None and len(sent) < limit:
            sent += _sent(session, owed, before, now)
    return sent


def _sent(session: Session, owed: Owed, before: timedelta, now: datetime) -> list[Reminder]:
    cause = f"{owed.duty}:{owed.id}:{before // timedelta(hours=1)}"
    if session.get(Reminder, cause) is not None:
        return []
    row = Reminder(cause=cause, sent_at=now)
    session.add(row)
    for member in owed.members:
        payload = {"type": "reminder", "duty": owed.duty, "id": owed.id}
        send(session, channel="webhook", member_id=member, kind="reminder", payload=payload, now=now)
    if owed.case_id is not None:
        news.tell(session, case_id=owed.case_id, news=News.DATE, now=now)
    record(session, "reminder.send", actor=CLOCK, now=now, facts={"cause": cause, "members": len(owed.members)})
    return [row]


def _of_appeals(session: Session, now: datetime) -> Iterator[Owed]:
    running = sa.select(Appeal).where(Appeal.state.in_(rules.UNDECIDED)).order_by(Appeal.lodged_at, Appeal.id)
    for appeal in session.scalars(running).all():
        facts = queries.facts_of(session, appeal)
        for duty, (since, by) in rules.owed(facts).items():
            yield Owed(f"appeal-{duty.value}", appeal.id, since, by, _who_owes(session, appeal, duty))
        if appeal.state is State.ADMITTED and appeal.admitted_at and not facts.nonce:
            # The subject was silent: a regulator is asked to sign it, until the appeal should be decided.
            silent, decided = rules.nonce_until(appeal.admitted_at), rules.deadlines(facts)[Duty.DECIDE]
            if silent <= now:
                yield Owed("appeal-silence", appeal.id, silent, decided, tuple(regulators(session)))


def _who_owes(session: Session, appeal: Appeal, duty: Duty) -> tuple[str, ...]:
    """The member that is to answer; the panel's members once there is one; before, those of the clerks."""
    if duty is Duty.ANSWER:
        return (appeal.member_id,)
    if seats := queries.awaited(session, appeal.id):
        return tuple(sorted({seat.member_id for seat in seats}))
    return _lending(session, Role.CLERK)


def _lending(session: Session, role: Role) -> tuple[str, ...]:
    """The members whose people have the role."""
    accounts = sa.select(Account).join(Member, Member.id == Account.member_id)
    on_duty = session.scalars(accounts.where(Account.closed_at.is_(None), Member.standing == Standing.ADMITTED))
    return tuple(sorted({account.member_id for account in on_duty if role in account.roles}))


def _of_amendments(session: Session, now: datetime) -> Iterator[Owed]:
    signed = sa.select(Amendment).where(
        Amendment.state == AmendmentState.SIGNED, Amendment.signed_at > now - CONFIRMED_WITHIN
    )
    for row in session.scalars(signed.order_by(Amendment.signed_at, Amendment.id)).all():
        yield Owed("amendment", row.id, row.signed_at, confirm_by(row.signed_at), (row.member_id,))


def _of_reviews(session: Session, now: datetime) -> Iterator[Owed]:
    """Those who screen may decide, and so may regulators."""
    open_ = sa.select(Review).where(Review.state == ReviewState.OPEN, Review.opened_at > now - REVIEW_LIMIT)
    for row in session.scalars(open_.order_by(Review.opened_at, Review.id)).all():
        members = (*_lending(session, Role.SCREENER), *regulators(session))
        yield Owed("review", row.id, row.opened_at, row.opened_at + REVIEW_LIMIT, members)


def _of_recalls(session: Session, now: datetime) -> Iterator[Owed]:
    recalls = sa.select(Recall).where(Recall.acknowledged_at.is_(None), Recall.issued_at > now - RECALL_ACK)
    for recall in session.scalars(recalls.order_by(Recall.issued_at, Recall.id)).all():
        yield Owed("recall", recall.id, recall.issued_at, due_at(recall.issued_at), (recall.member_id,))


def _of_findings(session: Session, now: datetime) -> Iterator[Owed]:
    findings = sa.select(Finding).where(Finding.state == FindingState.OPEN, Finding.due_at > now)
    for finding in session.scalars(findings.order_by(Finding.due_at, Finding.id)).all():
        if finding.due_at is not None and finding.member_id is not None:
            yield Owed("finding", finding.id, finding.raised_at, finding.due_at, (finding.member_id,))


def _of_windows(session: Session, now: datetime) -> Iterator[Owed]:
    """The time to answer a report."""
    running = sa.select(Report).where(Report.state == ReportState.NOTICED, Report.window_closes_at > now)
    for report in session.scalars(running.order_by(Report.window_closes_at, Report.id)).all():
        if (closes := report.window_closes_at) is not None:
            yield Owed("window", report.id, closes - RESPONSE_WINDOW, closes, (), report.case_id)


def _of_decisions(session: Session, now: datetime) -> Iterator[Owed]:
    """The time to contest what a panel has decided."""
    decided = sa.select(Appeal).where(Appeal.state == State.DECIDED, Appeal.instance < rules.INSTANCES)
    for appeal in session.scalars(decided.order_by(Appeal.lodged_at, Appeal.id)).all():
        if appeal.decided_at is not None:
            until = rules.contest_until(appeal.decided_at)
            yield Owed("contest", appeal.id, appeal.decided_at, until, (), appeal.case_id)


def _of_draws(session: Session, now: datetime) -> Iterator[Owed]:
    """The time to take part in the draw."""
    admitted = sa.select(Appeal).where(Appeal.state.in_(rules.DRAWABLE), Appeal.admitted_at.is_not(None))
    for appeal in session.scalars(admitted.order_by(Appeal.lodged_at, Appeal.id)).all():
        if appeal.admitted_at is not None and not queries.facts_of(session, appeal).nonce:
            until = rules.nonce_until(appeal.admitted_at)
            yield Owed("draw", appeal.id, appeal.admitted_at, until, (), appeal.case_id)
