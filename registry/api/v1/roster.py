"""The roster's work: the docket, screening, the print queue, proof of service."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.api.v1.reports import ReportAnswer, shown
from registry.db import Session
from registry.notices import actions as notices
from registry.notices import printing
from registry.notices.models import Notice
from registry.notices.rules import PROOF_LENGTH, Delivery, Route
from registry.notices.rules import State as LetterState
from registry.policy import Basis
from registry.reports import answering, posting, queries, screening, serving
from registry.reports.models import Report
from registry.reports.rules import Ground, Verdict

bp = APIBlueprint("roster", __name__, tag="Roster")

_Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
_PAGE: _Responses = {200: {"description": "The letter", "content": {"text/html": {"schema": {"type": "string"}}}}}
SHEETS: _Responses = {200: {"description": "The letter", "content": {"application/pdf": {"schema": {}}}}}


class DocketItem(ReportAnswer):
    member: str
    offence: str
    level: int
    basis: Basis
    late: bool
    impersonation: bool = Field(description="the papers may be somebody else's; then it cannot be accepted")
    filed_at: AwareDatetime


class DocketAnswer(Answer):
    reports: list[DocketItem] = Field(description="countersigned, the oldest first")


class ScreeningRequest(Body):
    verdict: Verdict
    ground: Ground | None = Field(None, description="to refuse: one of the closed list")
    fact: int | None = Field(None, description="which of the alleged facts, from 1, the ground applies to")
    reasons: str = Field(max_length=policy.REASONS_LENGTH)


class LetterItem(Answer):
    id: str
    case: str
    state: LetterState
    drafted_at: AwareDatetime


class LettersAnswer(Answer):
    letters: list[LetterItem] = Field(description="to be printed or served, the oldest first")


class ServiceRequest(Body):
    channel: Delivery
    on: AwareDatetime = Field(description="when it reached the person, RFC 3339")
    proof: str = Field(max_length=PROOF_LENGTH, description="how one knows: number of the receipt, who signed")


class ServiceAnswer(ReportAnswer):
    window_closes_at: AwareDatetime | None


class AttemptRequest(Body):
    route: Literal["post", "in-person"] = Field(description="mail and SMS are noted by themselves")
    on: AwareDatetime = Field(description="when it left, RFC 3339")
    proof: str = Field(max_length=PROOF_LENGTH, description="number of the posting, who went")


class ExtensionRequest(Body):
    days: int = Field(ge=1, le=policy.EXTENSION.days)
    reasons: str = Field(max_length=policy.REASONS_LENGTH)


class ReplacementRequest(Body):
    reason: str = Field(max_length=policy.REASONS_LENGTH, description="came back, was lost, code used up")


@bp.get("/api/v1/docket")
@needs(Action.DOCKET_READ)
@bp.output(DocketAnswer)
def docket() -> dict[str, Any]:
    """Reports that wait for a neutral screener, without those that you may not screen."""
    with running().store.read() as session:
        return {"reports": [_docketed(session, report) for report in queries.docket(session, actor=actor())]}


@bp.post("/api/v1/reports/<report_id>/screening")
@needs(Action.REPORT_SCREEN)
@bp.input(ScreeningRequest, arg_name="body")
@bp.output(ReportAnswer)
def screen(report_id: str, body: ScreeningRequest) -> dict[str, Any]:
    """Let a report through to its subject, or refuse it on one ground. Whether it is true is not asked here."""
    run = running()
    with run.store.write() as session:
        report = screening.screen(
            session,
            actor=actor(),
            report_id=report_id,
            verdict=body.verdict,
            ground=body.ground,
            fact=body.fact,
            reasons=body.reasons,
            issuer=run.issuer,
            now=run.clock(),
        )
        return shown(session, report)


@bp.get("/api/v1/letters")
@needs(Action.LETTER_READ)
@bp.output(LettersAnswer)
def letters() -> dict[str, Any]:
    """The print queue."""
    with running().store.read() as session:
        return {"letters": [_queued(letter, number) for letter, number in notices.queue(session, actor=actor())]}


@bp.get("/api/v1/letters/<letter_id>")
@needs(Action.LETTER_READ)
@bp.doc(responses=_PAGE)
def letter(letter_id: str) -> Response:
    """One letter as HTML, to be printed and not kept. Marks it printed; once served it is not shown again."""
    run = running()
    with run.store.write() as session:
        text = posting.print_letter(session, letter_id=letter_id, actor=actor(), now=run.clock())
    response = not_kept(Response(text, content_type="text/html; charset=utf-8"))
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@bp.get("/api/v1/letters/<letter_id>/pdf")
@needs(Action.LETTER_READ)
@bp.doc(responses=SHEETS)
def letter_pdf(letter_id: str) -> Response:
    """The same letter as PDF, word for word. Marks it printed, as reading the page does."""
    run = running()
    with run.store.write() as session:
        text = posting.print_letter(session, letter_id=letter_id, actor=actor(), now=run.clock())
        sheets = printing.pdf_of(text, made_at=run.clock())
    return not_kept(Response(sheets, content_type="application/pdf"))


@bp.post("/api/v1/letters/<letter_id>/service")
@needs(Action.SERVICE_RECORD)
@bp.input(ServiceRequest, arg_name="body")
@bp.output(ServiceAnswer)
def serve(letter_id: str, body: ServiceRequest) -> dict[str, Any]:
    """The letter reached the person. The window to answer opens; nothing is listed before it has closed."""
    run = running()
    with run.store.write() as session:
        report = serving.record_service(
            session,
            actor=actor(),
            letter_id=letter_id,
            delivery=body.channel,
            on=body.on,
            proof=body.proof,
            now=run.clock(),
        )
        return {**shown(session, report), "window_closes_at": report.window_closes_at}


@bp.post("/api/v1/letters/<letter_id>/attempts")
@needs(Action.SERVICE_RECORD)
@bp.input(AttemptRequest, arg_name="body")
@bp.output(ServiceAnswer)
def attempt(letter_id: str, body: AttemptRequest) -> dict[str, Any]:
    """The letter went out. When enough ways were tried without proof of receipt, the window opens: `unheard`."""
    run = running()
    with run.store.write() as session:
        report = serving.record_attempt(
            session,
            actor=actor(),
            letter_id=letter_id,
            route=Route(body.route),
            on=body.on,
            proof=body.proof,
            now=run.clock(),
        )
        return {**shown(session, report), "window_closes_at": report.window_closes_at}


@bp.post("/api/v1/cases/<number>/extension")
@needs(Action.WINDOW_EXTEND)
@bp.input(ExtensionRequest, arg_name="body")
@bp.output(ServiceAnswer, 201)
def extend(number: str, body: ExtensionRequest) -> dict[str, Any]:
    """More time to answer, once, for reasons. The subject asks for it on their own page and needs none."""
    run = running()
    with run.store.write() as session:
        report = answering.extend(
            session, actor=actor(), number=number, days=body.days, reasons=body.reasons, now=run.clock()
        )
        return {**shown(session, report), "window_closes_at": report.window_closes_at}


@bp.post("/api/v1/letters/<letter_id>/replacement")
@needs(Action.SERVICE_RECORD)
@bp.input(ReplacementRequest, arg_name="body")
@bp.output(LetterItem, 201)
def replace(letter_id: str, body: ReplacementRequest) -> dict[str, Any]:
    """A new letter with a new code for one that came back or was lost; the old code is dead."""
    run = running()
    with run.store.write() as session:
        new = serving.replace_letter(
            session, actor=actor(), letter_id=letter_id, reason=body.reason, issuer=run.issuer, now=run.clock()
        )
        return _queued(new, queries.number_of(session, new.case_id))


def not_kept(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _docketed(session: Session, report: Report) -> dict[str, Any]:
    return {
        **shown(session, report),
        "member": report.member_id,
        "offence": report.offence,
        "level": report.level,
        "basis": report.basis,
        "late": report.late,
        "impersonation": report.impersonation,
        "filed_at": report.filed_at,
    }


def _queued(letter: Notice, number: str) -> dict[str, Any]:
    return {"id": letter.id, "case": number, "state": letter.state, "drafted_at": letter.drafted_at}
