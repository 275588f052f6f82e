"""A member's own register of incidents, which nobody else reads."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.reports import incidents, rules
from registry.reports.incidents import Noted
from registry.reports.rules import State

bp = APIBlueprint("incidents", __name__, tag="Reports")


class NoteRequest(Body):
    reference: str = Field(max_length=rules.INCIDENT_LENGTH, description="the incident's, as reports name it")
    text: str = Field(max_length=policy.REASONS_LENGTH, description="without any number of a document")


class SiblingItem(Answer):
    id: str
    case: str
    state: State


class IncidentAnswer(Answer):
    id: str
    reference: str
    text: str
    noted_by: str
    noted_at: AwareDatetime
    kept_until: AwareDatetime
    reports: list[SiblingItem] = Field(description="your member's that name this incident")


class IncidentsAnswer(Answer):
    incidents: list[IncidentAnswer] = Field(description="the oldest first")


class DroppedAnswer(Answer):
    id: str


@bp.get("/api/v1/incidents")
@needs(Action.INCIDENT_KEEP)
@bp.output(IncidentsAnswer)
def index() -> dict[str, Any]:
    """Your member's notes. Reading them is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        return {"incidents": [_shown(each) for each in incidents.of_member(session, actor=actor(), now=run.clock())]}


@bp.post("/api/v1/incidents")
@needs(Action.INCIDENT_KEEP)
@bp.input(NoteRequest, arg_name="body")
@bp.output(IncidentAnswer, 201)
def note(body: NoteRequest) -> dict[str, Any]:
    """Note what is no report yet; it is deleted by itself when its time is over."""
    run = running()
    with run.store.write() as session:
        said = {"reference": body.reference, "text": body.text}
        return _shown(incidents.note(session, actor=actor(), now=run.clock(), **said))


@bp.delete("/api/v1/incidents/<incident_id>")
@needs(Action.INCIDENT_KEEP)
@bp.output(DroppedAnswer)
def delete(incident_id: str) -> dict[str, Any]:
    run = running()
    with run.store.write() as session:
        incidents.delete(session, actor=actor(), incident_id=incident_id, now=run.clock())
        return {"id": incident_id}


def _shown(noted: Noted) -> dict[str, Any]:
    return {
        "id": noted.row.id,
        "reference": noted.reference,
        "text": noted.text,
        "noted_by": noted.row.noted_by,
        "noted_at": noted.row.noted_at,
        "kept_until": noted.until,
        "reports": [{"id": each.id, "case": each.case, "state": each.state} for each in noted.reports],
    }
