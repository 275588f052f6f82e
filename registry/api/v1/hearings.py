"""What the roster and regulators do beside the panel: step down, declare interests, intervene, sign for a silence."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.appeals import admission, draw, interventions, queries, silence
from registry.appeals.models import Appeal
from registry.appeals.rules import TEXT_LENGTH, State
from registry.signing.canonical import MAX_BYTES

bp = APIBlueprint("hearings", __name__, tag="Appeals")


class InterventionRequest(Body):
    text: str = Field(max_length=TEXT_LENGTH, description="what the panel and both sides read")


class SilenceRequest(Body):
    silence: str = Field(max_length=2 * MAX_BYTES, description="JWS of type silence+jwt")


class InterestRequest(Body):
    member: str | None = Field(None, max_length=40)
    case: str | None = Field(None, max_length=16, description="the case number")


class InterestAnswer(Answer):
    id: str


class MovedAnswer(Answer):
    id: str
    state: State


@bp.post("/api/v1/appeals/<appeal_id>/stepping-down")
@needs(Action.PANEL_SERVE)
@bp.output(MovedAnswer)
def step_down(appeal_id: str) -> dict[str, Any]:
    """Leave the panel before the hearing; the next in rank is seated."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        draw.step_down(session, actor=actor(), appeal=appeal, now=run.clock())
        return _shown(appeal)


@bp.post("/api/v1/appeals/<appeal_id>/interventions")
@needs(Action.APPEAL_INTERVENE)
@bp.input(InterventionRequest, arg_name="body")
@bp.output(MovedAnswer, 201)
def intervene(appeal_id: str, body: InterventionRequest) -> dict[str, Any]:
    """A regulator puts a statement before the panel, which both sides read; until the appeal is heard."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        interventions.intervene(session, actor=actor(), appeal=appeal, text=body.text, now=run.clock())
        return _shown(appeal)


@bp.post("/api/v1/appeals/<appeal_id>/silence")
@needs(Action.SILENCE_ATTEST)
@bp.input(SilenceRequest, arg_name="body")
@bp.output(MovedAnswer)
def attest_silence(appeal_id: str, body: SilenceRequest) -> dict[str, Any]:
    """A regulator signs that the subject sent no nonce: {iss, aud, jti, iat, appeal, case, admission}."""
    run = running()
    with run.store.write() as session:
        appeal = queries.get(session, appeal_id)
        silence.attest(
            session, actor=actor(), appeal=appeal, statement=body.silence, issuer=run.issuer, now=run.clock()
        )
        return _shown(appeal)


@bp.post("/api/v1/interests")
@needs(Action.PANEL_SERVE)
@bp.input(InterestRequest, arg_name="body")
@bp.output(InterestAnswer, 201)
def declare(body: InterestRequest) -> dict[str, Any]:
    """Declare an interest in a member or in a case: no pool that is fixed from now on has you for it."""
    run = running()
    with run.store.write() as session:
        row = admission.declare(session, actor=actor(), member_id=body.member, case_number=body.case, now=run.clock())
        return {"id": row.id}


def _shown(appeal: Appeal) -> dict[str, Any]:
    return {"id": appeal.id, "state": appeal.state}
