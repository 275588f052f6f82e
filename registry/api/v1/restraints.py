"""Restraints: members whose listings fell too often file less, or nothing, until a regulator lifts it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.reports.prose import verify_prose
from registry.restraints import actions
from registry.restraints.models import Restraint
from registry.restraints.rules import State

bp = APIBlueprint("restraints", __name__, tag="Findings")


class RestraintAnswer(Answer):
    id: str
    member: str
    state: State
    decided: int = Field(description="listings of the last year that panels have decided on")
    overturned: int = Field(description="of these, how many did not stand as they were")
    since: AwareDatetime


class RestraintsAnswer(Answer):
    restraints: list[RestraintAnswer] = Field(description="in force, the oldest first")


class LiftRequest(Body):
    reasons: str = Field(max_length=policy.REASONS_LENGTH)


@bp.get("/api/v1/restraints")
@needs(Action.RESTRAINT_READ)
@bp.output(RestraintsAnswer)
def restraints() -> dict[str, Any]:
    """Your member's, if it has one; for a regulator everybody's."""
    with running().store.read() as session:
        return {"restraints": [_shown(row) for row in actions.page(session, actor=actor())]}


@bp.post("/api/v1/restraints/<restraint_id>/lifting")
@needs(Action.RESTRAINT_LIFT)
@bp.input(LiftRequest, arg_name="body")
@bp.output(RestraintAnswer)
def lift(restraint_id: str, body: LiftRequest) -> dict[str, Any]:
    """A regulator ends it; the member files again as others do."""
    run, reasons = running(), verify_prose(body.reasons, field="reasons", most=policy.REASONS_LENGTH)
    with run.store.write() as session:
        row = actions.lift(session, actor=actor(), restraint_id=restraint_id, reasons=reasons, now=run.clock())
        return _shown(row)


def _shown(row: Restraint) -> dict[str, Any]:
    return {
        "id": row.id,
        "member": row.member_id,
        "state": row.state,
        "decided": row.decided,
        "overturned": row.overturned,
        "since": row.since,
    }
