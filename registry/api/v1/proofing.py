"""Who somebody is, and who acts for them: two officers at a counter, and mandates."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.appeals import counter
from registry.appeals.actions import proofed
from registry.cases.models import Case
from registry.mandates import actions as mandates
from registry.mandates.rules import NAME_LENGTH, Scope

bp = APIBlueprint("proofing", __name__, tag="Proofing")


class SightingRequest(Body):
    tag: str = Field(max_length=43, description="base64url of the tag of the document before you")


class SightingAnswer(Answer):
    id: str
    proofed: bool = Field(description="whether this is enough: a second officer of your house has seen them too")


class MandateRequest(Body):
    name: str = Field(max_length=NAME_LENGTH, description="of the representative")
    scope: list[Scope] = Field(min_length=1, max_length=len(Scope))
    until: AwareDatetime


class MandateAnswer(Answer):
    id: str
    scope: list[Scope]
    until: AwareDatetime
    code: str = Field(description="for the representative; shown this once")


@bp.post("/api/v1/cases/<number>/sightings")
@needs(Action.CASE_ATTEST)
@bp.input(SightingRequest, arg_name="body")
@bp.output(SightingAnswer)
def sight(number: str, body: SightingRequest) -> dict[str, Any]:
    """One of two officers at a counter has seen the person of this case with their document."""
    run = running()
    with run.store.write() as session:
        row = counter.confirm(session, actor=actor(), number=number, tag=body.tag, now=run.clock())
        return {"id": row.id, "proofed": proofed(session, session.get_one(Case, row.case_id))}


@bp.post("/api/v1/cases/<number>/mandates")
@needs(Action.MANDATE_RECORD)
@bp.input(MandateRequest, arg_name="body")
@bp.output(MandateAnswer, 201)
def mandate(number: str, body: MandateRequest) -> dict[str, Any]:
    """Record that somebody acts for the person, whose signed mandate you have seen."""
    run = running()
    with run.store.write() as session:
        made = mandates.record_mandate(
            session,
            actor=actor(),
            number=number,
            name=body.name,
            scope=body.scope,
            until=body.until,
            now=run.clock(),
        )
        return {"id": made.mandate.id, "scope": made.mandate.scope, "until": made.mandate.until, "code": made.code}
