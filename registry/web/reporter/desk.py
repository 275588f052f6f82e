"""`/reports`: drafts, reports and appeals of one's member, with the clocks that run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from registry.access import Action, allowed, needs
from registry.amendments import queries as amendments
from registry.amendments.models import Amendment
from registry.amendments.rules import confirm_by
from registry.appeals.rules import Duty
from registry.db import Session
from registry.panels import queries as appeals
from registry.panels.queries import Item
from registry.reports import drafts, queries, rules
from registry.reports.drafts import Kept
from registry.reports.models import Report
from registry.reports.rules import State
from registry.web.context import actor, running
from registry.web.reporter.blueprint import bp


@dataclass(frozen=True, slots=True)
class Row:
    """A report, and whether it waits for this reader's signature."""

    report: Report
    number: str
    is_theirs: bool


@dataclass(frozen=True, slots=True)
class DraftRow:
    kept: Kept
    file_by: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An amendment without its second signature, and whether this reader may give it."""

    row: Amendment
    number: str
    confirm_by: datetime
    is_theirs: bool


@bp.get("/reports")
@needs(Action.REPORT_READ)
def desk() -> str:
    run, who = running(), actor()
    with run.store.read() as session:
        return render_template(
            "reporter/desk.html",
            may_write=allowed(who, Action.DRAFT_KEEP),
            drafts=_drafts(session, run.clock()) if allowed(who, Action.DRAFT_KEEP) else [],
            reports=[_row(session, report) for report in queries.of_member(session, actor=who)],
            appeals=_appeals(session, run.clock()) if allowed(who, Action.APPEAL_ANSWER) else [],
            amendments=[_waiting(session, row) for row in amendments.of_member(session, who.member_id)],
            now=run.clock(),
        )


def _drafts(session: Session, now: datetime) -> list[DraftRow]:
    kept = drafts.of_member(session, actor=actor(), now=now)
    return [DraftRow(each, rules.filing_deadline(each.found_on) if each.found_on else None) for each in kept]


def _row(session: Session, report: Report) -> Row:
    may = allowed(actor(), Action.REPORT_COUNTERSIGN, member_id=report.member_id)
    is_theirs = may and report.state is State.FILED and report.filed_by != actor().id
    return Row(report, queries.number_of(session, report.case_id), is_theirs)


def _waiting(session: Session, row: Amendment) -> Waiting:
    may = allowed(actor(), Action.AMENDMENT_CONFIRM, member_id=row.member_id) and row.account_id != actor().id
    return Waiting(row, queries.number_of(session, row.case_id), confirm_by(row.signed_at), may)


def _appeals(session: Session, now: datetime) -> list[tuple[Item, datetime | None]]:
    """Each with the date of the answer, while it is owed."""
    docket = appeals.docket(session, actor=actor(), now=now)
    return [(item, item.due.get(Duty.ANSWER) if item.appeal.state == "admitted" else None) for item in docket]
