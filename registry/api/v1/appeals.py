"""Appeals as the roster, verifiers, filing members and regulators work on them. The subject's side is on the web."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import base64url
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.appeals import actions, admission, proofing, queries
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal
from registry.appeals.rules import TEXT_LENGTH, Duty, Ground, Lane, State
from registry.errors import Invalid
from registry.panels import actions as panels
from registry.panels import queries as views
from registry.panels.queries import Item, View
from registry.panels.rules import LONGEST_TERM, Choice
from registry.reports.rules import State as ReportState
from registry.signing.canonical import MAX_BYTES

bp = APIBlueprint("appeals", __name__, tag="Appeals")

_TOKEN = 2 * MAX_BYTES


class AttestationRequest(Body):
    attestation: str = Field(max_length=_TOKEN, description="JWS of type attestation+jwt")


class AttestationAnswer(Answer):
    id: str
    case: str


class AdmissionRequest(Body):
    verdict: Literal["admit", "refuse"]
    ground: Inadmissible | None = Field(None, description="with refuse: why it is none")
    reasons: str = Field(max_length=TEXT_LENGTH)


class AnswerRequest(Body):
    answer: str = Field(max_length=_TOKEN, description="JWS of type answer+jwt")


class HearingRequest(Body):
    notes: str = Field(max_length=panels.NOTES_LENGTH, description="what was heard, in a room or on paper")


class VoteRequest(Body):
    choice: Choice
    reasons: str = Field(max_length=TEXT_LENGTH)
    term_days: int | None = Field(None, ge=1, le=LONGEST_TERM, description="with shorten: days from the listing")
    level: int | None = Field(None, description="with correct: the level that the facts bear out")


class AppealAnswer(Answer):
    id: str
    state: State


class AppealItem(AppealAnswer):
    case: str
    member: str = Field(description="who filed the report")
    instance: int
    lane: Lane
    grounds: list[Ground]
    lodged_at: AwareDatetime
    due: dict[Duty, AwareDatetime]
    overdue: list[Duty]


class DocketAnswer(Answer):
    appeals: list[AppealItem] = Field(description="the oldest open one first")


class VoteAnswer(Answer):
    choice: Choice
    term_days: int | None
    level: int | None
    reasons: str


class DrawAnswer(Answer):
    case: str = Field(description="the draw's name: the case number, and the appeal's place when not the first")
    admission: str | None = Field(description="base64url of the admission's leaf hash; null until it is public")
    nonce: bool


class DecisionAnswer(Answer):
    choice: Choice
    unanimous: bool
    term_days: int | None
    level: int | None
    decided_at: AwareDatetime
    votes: list[VoteAnswer] = Field(description="opened together, without names")


class SiblingCase(Answer):
    id: str
    case: str
    state: ReportState


class AppealDetails(AppealItem):
    text: str | None
    admission: str | None
    answer: str | None
    statement: str | None
    report: dict[str, Any] | None = Field(description="the accusation's words, for the panel")
    siblings: list[SiblingCase] = Field(description="the reports of the same incident; not for the subject")
    hearing: str | None
    interventions: list[str] = Field(description="what regulators put to the panel")
    seats: list[str]
    draw: DrawAnswer | None = Field(description="what a silence+jwt names")
    decision: DecisionAnswer | None


@bp.post("/api/v1/cases/<number>/attestations")
@needs(Action.CASE_ATTEST)
@bp.input(AttestationRequest, arg_name="body")
@bp.output(AttestationAnswer, 201)
def attest(number: str, body: AttestationRequest) -> dict[str, Any]:
    """Confirm by signature that the person of the case stood before you: {iss, aud, jti, iat, exp, sub, case}."""
    run = running()
    with run.store.write() as session:
        row = proofing.attest(
            session,
            actor=actor(),
            number=number,
            attestation=body.attestation,
            issuer=run.issuer,
            now=run.clock(),
        )
        return {"id": row.id, "case": number}


@bp.get("/api/v1/appeals")
@needs(Action.APPEAL_READ)
@bp.output(DocketAnswer)
def docket() -> dict[str, Any]:
    """Your docket: all open ones (clerk), on whose panel you sit, of your member, or all (regulator)."""
    run = running()
    with run.store.read() as session:
        return {"appeals": [_item(item) for item in views.docket(session, actor=actor(), now=run.clock())]}


@bp.get("/api/v1/appeals/<appeal_id>")
@needs(Action.APPEAL_READ)
@bp.output(AppealDetails)
def read(appeal_id: str) -> dict[str, Any]:
    """What you may see of an appeal; the rest is null. Reading it is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        return _details(views.read(session, actor=actor(), appeal_id=appeal_id, now=run.clock()))


@bp.post("/api/v1/appeals/<appeal_id>/admission")
@needs(Action.APPEAL_ADMIT)
@bp.input(AdmissionRequest, arg_name="body")
@bp.output(AppealAnswer)
def admit(appeal_id: str, body: AdmissionRequest) -> dict[str, Any]:
    """Admit an appeal, which fixes who can be drawn, or refuse it."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        who, now = actor(), run.clock()
        if (body.ground is None) != (body.verdict == "admit"):
            raise Invalid("ground must be given to refuse, and left out to admit", field="ground")
        if body.ground is None:
            admission.admit(session, actor=who, appeal=appeal, reasons=body.reasons, now=now)
        else:
            admission.refuse(session, actor=who, appeal=appeal, ground=body.ground, reasons=body.reasons, now=now)
        return _shown(appeal)


@bp.post("/api/v1/appeals/<appeal_id>/answer")
@needs(Action.APPEAL_ANSWER)
@bp.input(AnswerRequest, arg_name="body")
@bp.output(AppealAnswer)
def answer(appeal_id: str, body: AnswerRequest) -> dict[str, Any]:
    """The filing member answers by signature: {iss, aud, jti, iat, appeal, text}. The same again changes nothing."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        actions.answer(session, actor=actor(), appeal=appeal, statement=body.answer, issuer=run.issuer, now=run.clock())
        return _shown(appeal)


@bp.post("/api/v1/appeals/<appeal_id>/hearing")
@needs(Action.APPEAL_HEAR)
@bp.input(HearingRequest, arg_name="body")
@bp.output(AppealAnswer)
def hear(appeal_id: str, body: HearingRequest) -> dict[str, Any]:
    """Put down what was heard; the vote is open."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        panels.hear(session, actor=actor(), appeal=appeal, notes=body.notes, now=run.clock())
        return _shown(appeal)


@bp.post("/api/v1/appeals/<appeal_id>/votes")
@needs(Action.APPEAL_VOTE)
@bp.input(VoteRequest, arg_name="body")
@bp.output(AppealAnswer, 201)
def vote(appeal_id: str, body: VoteRequest) -> dict[str, Any]:
    """Cast your vote, sealed. The third opens all, decides, and corrects the register."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        panels.vote(
            session,
            actor=actor(),
            appeal=appeal,
            choice=body.choice,
            reasons=body.reasons,
            term_days=body.term_days,
            level=body.level,
            now=run.clock(),
        )
        return _shown(appeal)


def _shown(appeal: Appeal) -> dict[str, Any]:
    return {"id": appeal.id, "state": appeal.state}


def _item(item: Item) -> dict[str, Any]:
    appeal = item.appeal
    return {
        **_shown(appeal),
        "case": item.case,
        "member": appeal.member_id,
        "instance": appeal.instance,
        "lane": appeal.lane,
        "grounds": appeal.grounds,
        "lodged_at": appeal.lodged_at,
        "due": dict(item.due),
        "overdue": list(item.overdue),
    }


def _details(view: View) -> dict[str, Any]:
    return {
        **_item(view.item),
        "text": view.text,
        "admission": view.admission,
        "answer": view.answer,
        "statement": view.statement,
        "report": view.report,
        "siblings": [asdict(each) for each in view.siblings],
        "hearing": view.hearing,
        "interventions": list(view.interventions),
        "seats": list(view.seats),
        "draw": view.draw and {**asdict(view.draw), "admission": _encoded(view.draw.admission)},
        "decision": _decision(view),
    }


def _encoded(leaf: bytes | None) -> str | None:
    return None if leaf is None else base64url.encode(leaf)


def _decision(view: View) -> dict[str, Any] | None:
    decision = view.decision
    if decision is None:
        return None
    return {
        "choice": decision.choice,
        "unanimous": decision.unanimous,
        "term_days": decision.term_days,
        "level": decision.level,
        "decided_at": decision.decided_at,
        "votes": [{**asdict(vote.ballot), "reasons": vote.reasons} for vote in view.votes],
    }
