"""A month of one member in numbers, and what it owes now: for its own people, who answer for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.amendments.models import Amendment
from registry.amendments.rules import State as AmendmentState
from registry.amendments.rules import confirm_by
from registry.appeals.models import Appeal
from registry.appeals.rules import State as AppealState
from registry.appeals.rules import answer_limit
from registry.checks.models import Batch, Check
from registry.db import Session
from registry.entries.models import Entry
from registry.errors import Invalid
from registry.findings.models import Finding
from registry.findings.rules import State as FindingState
from registry.panels.models import Decision
from registry.panels.rules import Choice
from registry.recalls.models import Recall
from registry.recalls.rules import due_at
from registry.reports.models import Report, Screening
from registry.reports.rules import Verdict
from registry.restraints.actions import of_member
from registry.restraints.rules import State as RestraintState

_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Owed:
    """What the member has to do, about which thing, by when."""

    what: str  # acknowledge, answer-finding, answer-appeal or confirm-amendment
    id: str
    by: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened within the month (UTC), and what is owed as it is asked for."""

    month: str
    filed: int
    screened: int  # of any time's reports: let through
    refused: int
    listed: int
    decided: int  # by panels, and of these…
    overturned: int  # …did not stand as they were
    amended: int
    checked: int  # people asked about
    hits: int
    recalls: int
    restraint: RestraintState | None
    owed: tuple[Owed, ...]  # what is due first stands first


def of_month(session: Session, *, actor: Actor, month: str, now: datetime) -> Summary:
    """The actor's member's; Invalid for a month that is none, or has not begun."""
    require(actor, Action.SUMMARY_READ, member_id=actor.member_id)
    begin, end = _span(month, now)
    member_id, restraint = actor.member_id, of_member(session, actor.member_id)

    def count(what: Any, at: Any, *where: Any) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(what).where(at >= begin, at < end, *where)) or 0

    screening = sa.join(Screening, Report, Report.id == Screening.report_id)
    decision = sa.join(Decision, Appeal, Appeal.id == Decision.appeal_id)
    asked = sa.join(Check, Batch, Batch.id == Check.batch_id)
    mine, decided = Report.member_id == member_id, (Decision.decided_at, Appeal.member_id == member_id)
    return Summary(
        month=month,
        filed=count(Report, Report.filed_at, mine),
        screened=count(screening, Screening.at, mine, Screening.verdict == Verdict.ACCEPT),
        refused=count(screening, Screening.at, mine, Screening.verdict == Verdict.REFUSE),
        listed=count(Entry, Entry.listed_at, Entry.member_id == member_id),
        decided=count(decision, *decided),
        overturned=count(decision, *decided, Decision.choice != Choice.KEEP),
        amended=count(Amendment, Amendment.signed_at, Amendment.member_id == member_id),
        checked=count(asked, Batch.at, Batch.member_id == member_id),
        hits=count(asked, Batch.at, Batch.member_id == member_id, Check.entry_id.is_not(None)),
        recalls=count(Recall, Recall.issued_at, Recall.member_id == member_id),
        restraint=restraint.state if restraint is not None else None,
        owed=tuple(sorted(_owed(session, member_id), key=lambda each: (each.by is None, each.by, each.id))),
    )


def _span(month: str, now: datetime) -> tuple[datetime, datetime]:
    found = _MONTH.fullmatch(month)
    begin = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC) if found else None
    if begin is None or begin > now:
        raise Invalid("month must be a month such as 2026-03 that has begun", field="month")
    return begin, (begin + timedelta(days=31)).replace(day=1)


def _owed(session: Session, member_id: str) -> Iterator[Owed]:
    recalls = sa.select(Recall).where(Recall.member_id == member_id, Recall.acknowledged_at.is_(None))
    yield from (Owed("acknowledge", row.id, due_at(row.issued_at)) for row in session.scalars(recalls))
    findings = sa.select(Finding).where(Finding.member_id == member_id, Finding.state == FindingState.OPEN)
    yield from (Owed("answer-finding", row.id, row.due_at) for row in session.scalars(findings))
    appeals = sa.select(Appeal).where(Appeal.member_id == member_id, Appeal.state == AppealState.ADMITTED)
    for row in session.scalars(appeals):
        yield Owed("answer-appeal", row.id, row.admitted_at and row.admitted_at + answer_limit(row.lane))
    amendments = sa.select(Amendment).where(Amendment.member_id == member_id, Amendment.state == AmendmentState.SIGNED)
    yield from (Owed("confirm-amendment", row.id, confirm_by(row.signed_at)) for row in session.scalars(amendments))
