"""File a report, countersign it, read it, take it back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import base64url, policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.db import Session
from registry.policy import Basis, Staff
from registry.reports import actions, answering, queries, screening, versions
from registry.reports.models import Report
from registry.reports.rules import Ground, State, Verdict
from registry.signing.canonical import MAX_BYTES

bp = APIBlueprint("reports", __name__, tag="Reports")

_TOKEN = 2 * MAX_BYTES


class ContactBody(Body):
    name: str = Field(max_length=80)
    address: str = Field(max_length=300, description="where the letter goes")
    phone: str | None = Field(None, max_length=26)
    language: str = Field(max_length=2, description="zh or en: which comes first in the letter")


class FileRequest(Body):
    report: str = Field(max_length=_TOKEN, description="JWS of type report+jwt")
    contact: ContactBody


class CountersignRequest(Body):
    countersignature: str = Field(max_length=_TOKEN, description="JWS of type countersignature+jwt")


class WithdrawRequest(Body):
    reason: str = Field(max_length=policy.REASONS_LENGTH)


class ReportAnswer(Answer):
    id: str
    case: str = Field(description="the case number, for the letters between us")
    state: State


class ScreeningAnswer(Answer):
    verdict: Verdict
    ground: Ground | None
    fact: int | None = Field(description="which of the alleged facts, from 1, the ground applies to")
    reasons: str


class SiblingAnswer(ReportAnswer):
    pass


class ReportDetails(ReportAnswer):
    member: str
    offence: str
    level: int
    basis: Basis
    term_days: int | None
    staff: Staff
    impersonation: bool
    late: bool
    filed_at: AwareDatetime
    window_closes_at: AwareDatetime | None
    digest: str = Field(description="base64url SHA-256 of the payload: what a countersignature is over")
    statement: dict[str, Any] = Field(description="the signed payload without sub")
    screening: ScreeningAnswer | None
    siblings: list[SiblingAnswer] = Field(description="the member's other reports of the same incident")


class RepresentationItem(Answer):
    made_at: AwareDatetime
    late: bool
    text: str
    late_reasons: str | None


class RepresentationsAnswer(Answer):
    representations: list[RepresentationItem] = Field(description="the oldest first")


@bp.post("/api/v1/reports")
@needs(Action.REPORT_FILE)
@bp.input(FileRequest, arg_name="body")
@bp.output(ReportAnswer, 201)
@bp.doc(responses={200: "The same statement was filed before; this is its report"})
def file(body: FileRequest) -> tuple[dict[str, Any], int]:
    """File a signed report. The statement is its own idempotency key: sent again, it gives the same report (200)."""
    run = running()
    sealing_public = run.holder.public().sealing_public
    with run.store.write() as session:
        filed = actions.file(
            session,
            actor=actor(),
            token=body.report,
            contact=body.contact.model_dump(exclude_none=True),
            issuer=run.issuer,
            sealing_public=sealing_public,
            now=run.clock(),
        )
        return shown(session, filed.report), 201 if filed.is_new else 200


@bp.post("/api/v1/reports/<report_id>/versions")
@needs(Action.REPORT_FILE)
@bp.input(FileRequest, arg_name="body")
@bp.output(ReportAnswer)
def replace(report_id: str, body: FileRequest) -> dict[str, Any]:
    """A new signed version of a report that nobody has screened yet; it must be countersigned again."""
    run = running()
    with run.store.write() as session:
        report = versions.replace(
            session,
            actor=actor(),
            report_id=report_id,
            token=body.report,
            contact=body.contact.model_dump(exclude_none=True),
            issuer=run.issuer,
            now=run.clock(),
        )
        return shown(session, report)


@bp.post("/api/v1/reports/<report_id>/countersignature")
@needs(Action.REPORT_COUNTERSIGN)
@bp.input(CountersignRequest, arg_name="body")
@bp.output(ReportAnswer)
def countersign(report_id: str, body: CountersignRequest) -> dict[str, Any]:
    """The second person confirms the report, with the tag of the number that they entered again from the document."""
    run = running()
    with run.store.write() as session:
        report = actions.countersign(
            session,
            actor=actor(),
            report_id=report_id,
            token=body.countersignature,
            issuer=run.issuer,
            now=run.clock(),
        )
        return shown(session, report)


@bp.post("/api/v1/reports/<report_id>/withdrawal")
@needs(Action.REPORT_FILE)
@bp.input(WithdrawRequest, arg_name="body")
@bp.output(ReportAnswer)
def withdraw(report_id: str, body: WithdrawRequest) -> dict[str, Any]:
    """Take a report back before it is listed. One person suffices."""
    run = running()
    with run.store.write() as session:
        report = actions.withdraw(session, actor=actor(), report_id=report_id, reason=body.reason, now=run.clock())
        return shown(session, report)


@bp.get("/api/v1/reports/<report_id>")
@needs(Action.REPORT_READ)
@bp.output(ReportDetails)
def read(report_id: str) -> dict[str, Any]:
    """What was filed and what became of it, for those on the case. Reading it is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        report, words = actions.open_report(session, actor=actor(), report_id=report_id, now=run.clock())
        return {
            **shown(session, report),
            "member": report.member_id,
            "offence": report.offence,
            "level": report.level,
            "basis": report.basis,
            "term_days": report.term_days,
            "staff": report.staff,
            "impersonation": report.impersonation,
            "late": report.late,
            "filed_at": report.filed_at,
            "window_closes_at": report.window_closes_at,
            "digest": base64url.encode(report.statement_digest),
            "statement": words,
            "screening": _screening(session, report),
            "siblings": [asdict(each) for each in queries.siblings(session, report)],
        }


@bp.get("/api/v1/reports/<report_id>/representations")
@needs(Action.REPORT_READ)
@bp.output(RepresentationsAnswer)
def representations(report_id: str) -> dict[str, Any]:
    """What the subject has said to you about it. Reading it is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        said = answering.read(session, actor=actor(), report_id=report_id, now=run.clock())
        return {"representations": [asdict(each) for each in said]}


def shown(session: Session, report: Report) -> dict[str, Any]:
    return {"id": report.id, "case": queries.number_of(session, report.case_id), "state": report.state}


def _screening(session: Session, report: Report) -> dict[str, Any] | None:
    said = queries.screening_of(session, report)
    if said is None:
        return None
    reasons = screening.screening_reasons(session, report)
    return {"verdict": said.verdict, "ground": said.ground, "fact": said.fact, "reasons": reasons}
