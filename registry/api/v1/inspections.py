"""The inspection of sealed annexes under supervision, held by a clerk and signed for by two."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.api.v1.exhibits import FILE, served
from registry.panels import evidence
from registry.reports import inspections
from registry.reports.inspections import PLACE_LENGTH
from registry.reports.models import Inspection
from registry.reports.rules import MAX_EXHIBITS, InspectionState

bp = APIBlueprint("inspections", __name__, tag="Exhibits")


class HoldRequest(Body):
    exhibit: int = Field(ge=1, le=MAX_EXHIBITS, description="its place in the report; 1 is the first")
    inspector: str = Field(max_length=64, description="subject, or the account of a panelist or regulator")
    place: str = Field(max_length=PLACE_LENGTH, description="where")


class EndRequest(Body):
    remarks: str = Field(max_length=policy.REASONS_LENGTH, description="how it was, and what was said")


class InspectionAnswer(Answer):
    id: str
    state: InspectionState


class InspectionItem(InspectionAnswer):
    inspector: str = Field(description="an account, or subject")
    place: str
    held_by: str
    signed_by: str | None
    began_at: AwareDatetime
    ended_at: AwareDatetime | None
    signed_at: AwareDatetime | None


class InspectionsAnswer(Answer):
    inspections: list[InspectionItem]


@bp.post("/api/v1/cases/<number>/inspections")
@needs(Action.INSPECTION_HOLD)
@bp.input(HoldRequest, arg_name="body")
@bp.output(InspectionAnswer, 201)
def hold(number: str, body: HoldRequest) -> dict[str, Any]:
    """Begin to show the sealed annex of an exhibit to the subject, a panelist who sits on the case, or a regulator."""
    run = running()
    with run.store.write() as session:
        row = evidence.hold_inspection(
            session,
            actor=actor(),
            number=number,
            exhibit=body.exhibit,
            inspector=body.inspector,
            place=body.place,
            now=run.clock(),
        )
        return _shown(row)


@bp.get("/api/v1/cases/<number>/inspections")
@needs(Action.INSPECTION_READ)
@bp.output(InspectionsAnswer)
def of_case(number: str) -> dict[str, Any]:
    """Who inspected what, when, where, and who signed for it."""
    with running().store.read() as session:
        rows = evidence.inspections_of(session, actor=actor(), number=number)
        return {"inspections": [_item(row, place) for row, place in rows]}


@bp.get("/api/v1/inspections/<inspection_id>/annex")
@needs(Action.INSPECTION_HOLD)
@bp.doc(responses=FILE)
def look(inspection_id: str) -> Response:
    """The annex, for the screen of the clerk who holds the inspection. Every opening is logged."""
    run = running()
    with run.store.write() as session:
        return served(inspections.look(session, actor=actor(), inspection_id=inspection_id, now=run.clock()))


@bp.post("/api/v1/inspections/<inspection_id>/end")
@needs(Action.INSPECTION_HOLD)
@bp.input(EndRequest, arg_name="body")
@bp.output(InspectionAnswer)
def end(inspection_id: str, body: EndRequest) -> dict[str, Any]:
    """Close the annex, and sign as the first."""
    run = running()
    with run.store.write() as session:
        row = inspections.end(
            session, actor=actor(), inspection_id=inspection_id, remarks=body.remarks, now=run.clock()
        )
        return _shown(row)


@bp.post("/api/v1/inspections/<inspection_id>/signature")
@needs(Action.INSPECTION_SIGN)
@bp.output(InspectionAnswer)
def sign(inspection_id: str) -> dict[str, Any]:
    """Sign as the second, who was there."""
    run = running()
    with run.store.write() as session:
        return _shown(inspections.sign(session, actor=actor(), inspection_id=inspection_id, now=run.clock()))


def _shown(row: Inspection) -> dict[str, Any]:
    return {"id": row.id, "state": row.state}


def _item(row: Inspection, place: str) -> dict[str, Any]:
    return {
        **_shown(row),
        "inspector": row.inspector.partition(":")[0],
        "place": place,
        "held_by": row.held_by,
        "signed_by": row.signed_by,
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "signed_at": row.signed_at,
    }
