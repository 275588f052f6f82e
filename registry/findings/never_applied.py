"""“I never applied there”: a subject disputes that a member had a reason to check them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.appeals.actions import require_proofed, subject
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.checks.asked import Asked, asked_about
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.findings.actions import CLOCK, raise_, regulators, seal
from registry.findings.models import Finding
from registry.findings.rules import Kind, State, cause_of_check
from registry.log.actions import record
from registry.log.swap import swap
from registry.notices.actions import send
from registry.policy import NEVER_APPLIED_ANSWER, Purpose

_DEMAND = {
    Purpose.HIRING: "The person you checked says that they never applied to you. Show the application and the consent.",
    Purpose.PRESENT_STAFF: "The person you checked says that they never worked for you. Show contract and consent.",
}


def checks_of(session: Session, *, case: Case, now: datetime, by: str | None = None) -> list[Asked]:
    """Everyone who has checked the subject, for the subject. Needs a proofed identity; each reading is logged."""
    require_proofed(session, case)
    key = key_of(session, case)
    asked = asked_about(session, case, key)
    record(session, "case.checks", actor=by or subject(case), now=now, case=key)
    return asked


def never_applied(session: Session, *, case: Case, check_id: str, now: datetime, by: str | None = None) -> Finding:
    """Raise a finding against the member that asked; it has ten days to answer. Once for each check.

    Raises Forbidden without a proofed identity, NotFound for a check that was not about this person, Conflict when it
    is disputed already.
    """
    require_proofed(session, case)
    found = [asked for asked in asked_about(session, case, key_of(session, case)) if asked.check_id == check_id]
    if not found:
        raise NotFound("there is no such check of you", field="check")
    if session.scalar(sa.select(Finding.id).where(Finding.cause == cause_of_check(check_id))) is not None:
        raise Conflict("you have said so already; the company has to answer", code="not-allowed-now")
    row = Finding(id=new_id(), case_id=case.id, member_id=found[0].member_id, kind=Kind.NEVER_APPLIED)
    row.cause, row.due_at = cause_of_check(check_id), now + NEVER_APPLIED_ANSWER
    row.sealed_demand = seal(session, row, "sealed_demand", _DEMAND[found[0].purpose])
    tell = [found[0].member_id, *regulators(session)]
    return raise_(session, row, by or subject(case), now, tell=tell)


def disputed(session: Session, case: Case) -> dict[str, State]:
    """The checks that the subject has disputed, and how far that is."""
    rows = sa.select(Finding).where(Finding.case_id == case.id, Finding.kind == Kind.NEVER_APPLIED)
    return {row.cause.removeprefix("check:"): row.state for row in session.scalars(rows)}


def escalate_due(session: Session, now: datetime, limit: int = 100) -> list[Finding]:
    """Tell every regulator of demands that were not answered in time, once each."""
    late = sa.select(Finding).where(Finding.state == State.OPEN, Finding.due_at <= now, Finding.escalated_at.is_(None))
    return [
        row for row in session.scalars(late.order_by(Finding.due_at).limit(limit)).all() if _escalate(session, row, now)
    ]


def _escalate(session: Session, row: Finding, now: datetime) -> bool:
    """False when it was answered, or escalated, at the same moment."""
    still = Finding.state == State.OPEN, Finding.escalated_at.is_(None)
    if not swap(session, row, *still, values={"escalated_at": now}):
        return False
    for member_id in regulators(session):
        payload = {"type": "finding.overdue", "id": row.id}
        send(session, channel="webhook", member_id=member_id, kind="finding.overdue", payload=payload, now=now)
    record(session, "finding.escalate", actor=CLOCK, now=now, facts={"finding": row.id})
    return True
