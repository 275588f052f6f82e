"""Recalls: what a member was told has changed, and that it has understood."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.recalls import actions, queries
from registry.recalls.queries import Told
from registry.recalls.rules import Reason
from registry.signing.canonical import MAX_BYTES

bp = APIBlueprint("recalls", __name__, tag="Recalls")


class OpenQuery(Body):
    open: bool = Field(False, description="only those that nobody has acknowledged")


class Acknowledgement(Body):
    acknowledgement: str = Field(max_length=2 * MAX_BYTES, description="JWS of type recall-ack+jwt")


class RecallAnswer(Answer):
    id: str
    entry: str
    reason: Reason
    checks: list[str] = Field(description="the member's own checks that it is about")
    issued_at: AwareDatetime
    due_at: AwareDatetime = Field(description="when the regulator is told, unless it is acknowledged")
    acknowledged_at: AwareDatetime | None


class RecallsAnswer(Answer):
    recalls: list[RecallAnswer]


@bp.get("/api/v1/recalls")
@needs(Action.RECALL_READ)
@bp.input(OpenQuery, location="query", arg_name="query")
@bp.output(RecallsAnswer)
def recalls(query: OpenQuery) -> dict[str, Any]:
    """The newest hundred recalls that were issued to the member."""
    with running().store.read() as session:
        return {"recalls": [_shown(told) for told in queries.of_member(session, actor(), only_open=query.open)]}


@bp.get("/api/v1/recalls/<recall_id>")
@needs(Action.RECALL_READ)
@bp.output(RecallAnswer)
def recall(recall_id: str) -> dict[str, Any]:
    with running().store.read() as session:
        return _shown(queries.read(session, actor(), recall_id))


@bp.post("/api/v1/recalls/<recall_id>/acknowledgement")
@needs(Action.RECALL_ACKNOWLEDGE)
@bp.input(Acknowledgement, arg_name="body")
@bp.output(RecallAnswer)
def acknowledge(recall_id: str, body: Acknowledgement) -> dict[str, Any]:
    """Acknowledge by signature: {iss, aud, jti, iat, recall, entry, reason}. A second one changes nothing."""
    run = running()
    with run.store.write() as session:
        actions.acknowledge(
            session,
            actor=actor(),
            recall_id=recall_id,
            statement=body.acknowledgement,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(queries.read(session, actor(), recall_id))


def _shown(told: Told) -> dict[str, Any]:
    recall = told.recall
    return {
        "id": recall.id,
        "entry": recall.entry_id,
        "reason": recall.reason,
        "checks": list(told.checks),
        "issued_at": recall.issued_at,
        "due_at": told.due_at,
        "acknowledged_at": recall.acknowledged_at,
    }
