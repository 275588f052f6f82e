"""Recusals: a subject has challenged somebody on the panel, and a clerk or regulator decides."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.appeals import recusals
from registry.appeals.models import Recusal
from registry.appeals.recusal import State, decide_by

bp = APIBlueprint("recusals", __name__, tag="Appeals")


class RecusalAnswer(Answer):
    id: str
    appeal: str
    seat: str
    state: State
    asked_at: AwareDatetime
    decide_by: AwareDatetime = Field(description="then whoever was challenged leaves the panel")


class RecusalsAnswer(Answer):
    recusals: list[RecusalAnswer] = Field(description="that wait, the oldest first, without those you may not decide")


class RecusalDetails(RecusalAnswer):
    text: str = Field(description="the subject's words")


class RecusalBody(Body):
    sustain: bool = Field(description="whether whoever was challenged leaves the panel")
    reasons: str = Field(max_length=policy.REASONS_LENGTH)


@bp.get("/api/v1/recusals")
@needs(Action.RECUSAL_DECIDE)
@bp.output(RecusalsAnswer)
def listed() -> dict[str, Any]:
    """Panelists whom a subject has challenged."""
    with running().store.read() as session:
        return {"recusals": [_shown(row) for row in recusals.docket(session, actor=actor())]}


@bp.get("/api/v1/recusals/<recusal_id>")
@needs(Action.RECUSAL_DECIDE)
@bp.output(RecusalDetails)
def recusal(recusal_id: str) -> dict[str, Any]:
    """One with the subject's words. Logged."""
    run = running()
    with run.store.write() as session:
        row, text = recusals.open_recusal(session, actor=actor(), recusal_id=recusal_id, now=run.clock())
        return {**_shown(row), "text": text}


@bp.post("/api/v1/recusals/<recusal_id>/decision")
@needs(Action.RECUSAL_DECIDE)
@bp.input(RecusalBody, arg_name="body")
@bp.output(RecusalAnswer)
def decide(recusal_id: str, body: RecusalBody) -> dict[str, Any]:
    """Sustain it, and the next in rank is seated; or dismiss it. The subject is told."""
    run = running()
    with run.store.write() as session:
        row = recusals.decide(
            session,
            actor=actor(),
            recusal_id=recusal_id,
            sustain=body.sustain,
            reasons=body.reasons,
            now=run.clock(),
        )
        return _shown(row)


def _shown(row: Recusal) -> dict[str, Any]:
    return {
        "id": row.id,
        "appeal": row.appeal_id,
        "seat": row.seat_id,
        "state": row.state,
        "asked_at": row.asked_at,
        "decide_by": decide_by(row.asked_at),
    }
