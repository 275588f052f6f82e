"""`/case/file`: what is alleged, by whom, on what evidence, what has happened, and what the person can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import render_template

from registry.access import Action, needs
from registry.amendments import queries as amendments
from registry.amendments.queries import Told
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case, Statement
from registry.checks.asked import Asked, asked_about
from registry.db import Session
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.reports import queries as reports
from registry.reports.inspections import Seen, for_subject
from registry.reports.models import Report
from registry.web.context import actor, case_id, running
from registry.web.subject.blueprint import bp
from registry.web.subject.progress import Standing, standing


@dataclass(frozen=True, slots=True)
class File:
    """Everything on the page."""

    case: Case
    member: Member
    report: Report
    words: dict[str, Any] = field(repr=False)
    amendments: list[Told] = field(repr=False)
    inspections: list[Seen]
    statement: str | None = field(repr=False)
    standing: Standing
    asked: list[Asked] | None  # None until a verifier has confirmed who they are


@bp.get("/case/file")
@needs(Action.CASE_READ)
def file() -> str:
    """Every reading is an act of the case."""
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        key = key_of(session, case)
        shown = _file(session, case, key, run.clock())
        record(session, "case.read", actor=actor().id, now=run.clock(), case=key)
        return render_template("subject/file.html", file=shown)


def _file(session: Session, case: Case, key: CaseKey, now: datetime) -> File:
    report = reports.of_case(session, case.id)
    where = standing(session, case, report, key, now)
    return File(
        case=case,
        member=session.get_one(Member, report.member_id),
        report=report,
        words=reports.words_for_subject(report, key),
        amendments=amendments.of_case(session, key, only_taken=True),
        inspections=for_subject(session, case),
        statement=statement_of(session, case, key),
        standing=where,
        asked=asked_about(session, case, key) if where.is_proofed else None,
    )


def statement_of(session: Session, case: Case, key: CaseKey) -> str | None:
    """The person's own words as they stand now."""
    row = session.scalar(sa.select(Statement).where(Statement.case_id == case.id))
    return unseal(key, row, "sealed_text") if row is not None else None
