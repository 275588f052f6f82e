"""Findings: what is demanded of a member, what it answers, and the end of it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.db import Session
from registry.findings import actions, queries
from registry.findings.models import Finding
from registry.findings.rules import Kind, State

bp = APIBlueprint("findings", __name__, tag="Findings")


class FindingAnswer(Answer):
    id: str
    kind: Kind
    cause: str = Field(description="what it is raised for: `check:<id>`, `appeal:<id>:<duty>` or `demand:<id>`")
    state: State
    member: str | None = Field(description="null: the registry itself")
    entry: str | None
    raised_at: AwareDatetime
    due_at: AwareDatetime | None = Field(description="by when it is to be answered")
    demand: str | None
    answer: str | None


class FindingsAnswer(Answer):
    findings: list[FindingAnswer] = Field(description="not closed, by id; pass the last id as `after` for more")


class DemandRequest(Body):
    member: str = Field(max_length=32)
    entry: str | None = Field(None, max_length=32)
    text: str = Field(max_length=policy.REASONS_LENGTH)


class FindingReply(Body):
    text: str = Field(max_length=policy.REASONS_LENGTH, description="what you did about it")


@bp.get("/api/v1/findings")
@needs(Action.FINDING_READ)
@bp.output(FindingsAnswer)
def findings() -> dict[str, Any]:
    """The open ones about your member; for a regulator those about everyone."""
    with running().store.read() as session:
        found = queries.page(session, actor=actor(), after=request.args.get("after"))
        return {"findings": [_shown(session, row) for row in found]}


@bp.get("/api/v1/findings/<finding_id>")
@needs(Action.FINDING_READ)
@bp.output(FindingAnswer)
def finding(finding_id: str) -> dict[str, Any]:
    """One finding with its words."""
    with running().store.read() as session:
        return _shown(session, queries.readable(session, actor=actor(), finding_id=finding_id))


@bp.post("/api/v1/findings")
@needs(Action.FINDING_RAISE)
@bp.input(DemandRequest, arg_name="body")
@bp.output(FindingAnswer, 201)
def demand(body: DemandRequest) -> dict[str, Any]:
    """A regulator demands something of a member."""
    run = running()
    with run.store.write() as session:
        row = actions.demand(
            session, actor=actor(), member_id=body.member, entry_id=body.entry, text=body.text, now=run.clock()
        )
        return _shown(session, row)


@bp.post("/api/v1/findings/<finding_id>/answer")
@needs(Action.FINDING_ANSWER)
@bp.input(FindingReply, arg_name="body")
@bp.output(FindingAnswer)
def answer(finding_id: str, body: FindingReply) -> dict[str, Any]:
    """The member says what it did about it."""
    run = running()
    with run.store.write() as session:
        row = queries.readable(session, actor=actor(), finding_id=finding_id, action=Action.FINDING_ANSWER)
        return _shown(session, actions.answer(session, actor=actor(), finding=row, text=body.text, now=run.clock()))


@bp.post("/api/v1/findings/<finding_id>/closure")
@needs(Action.FINDING_RAISE)
@bp.output(FindingAnswer)
def close(finding_id: str) -> dict[str, Any]:
    """A regulator is satisfied, answered or not."""
    run = running()
    with run.store.write() as session:
        row = queries.readable(session, actor=actor(), finding_id=finding_id)
        return _shown(session, actions.close(session, actor=actor(), finding=row, now=run.clock()))


def _shown(session: Session, row: Finding) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "cause": row.cause,
        "state": row.state,
        "member": row.member_id,
        "entry": row.entry_id,
        "raised_at": row.raised_at,
        "due_at": row.due_at,
        "demand": actions.words_of(session, row, "sealed_demand"),
        "answer": actions.words_of(session, row, "sealed_answer"),
    }
