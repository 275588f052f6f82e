"""Reports that are still being written."""

from __future__ import annotations

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.reports import drafts, rules

bp = APIBlueprint("drafts", __name__, tag="Reports")


class DraftRequest(Body):
    document: dict[str, Any] = Field(description="as for `zilu report sign`, as far as written; without any number")


class ChangeRequest(DraftRequest):
    version: int = Field(description="the one that was read")


class DraftItem(Answer):
    id: str
    version: int
    offence: str | None
    found_on: date | None
    clock: rules.Clock | None = Field(description="running, ending or over: the time to file, from found_on")
    file_by: AwareDatetime | None = Field(description="a report that is filed later must say why")
    created_by: str
    created_at: AwareDatetime
    changed_at: AwareDatetime
    kept_until: AwareDatetime


class DraftAnswer(DraftItem):
    document: dict[str, Any]


class DraftsAnswer(Answer):
    drafts: list[DraftItem] = Field(description="the oldest first")


class DeletedAnswer(Answer):
    id: str


@bp.get("/api/v1/drafts")
@needs(Action.DRAFT_KEEP)
@bp.output(DraftsAnswer)
def index() -> dict[str, Any]:
    """Your member's drafts, with the time that is left to file each."""
    run = running()
    with run.store.read() as session:
        return {"drafts": [_item(kept) for kept in drafts.of_member(session, actor=actor(), now=run.clock())]}


@bp.post("/api/v1/drafts")
@needs(Action.DRAFT_KEEP)
@bp.input(DraftRequest, arg_name="body")
@bp.output(DraftAnswer, 201)
def save(body: DraftRequest) -> dict[str, Any]:
    """Keep a new draft for 30 days."""
    run = running()
    with run.store.write() as session:
        return _whole(drafts.save(session, actor=actor(), document=body.document, now=run.clock()))


@bp.get("/api/v1/drafts/<draft_id>")
@needs(Action.DRAFT_KEEP)
@bp.output(DraftAnswer)
def read(draft_id: str) -> dict[str, Any]:
    """One draft with its text. Reading it is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        return _whole(drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock()))


@bp.put("/api/v1/drafts/<draft_id>")
@needs(Action.DRAFT_KEEP)
@bp.input(ChangeRequest, arg_name="body")
@bp.output(DraftAnswer)
def change(draft_id: str, body: ChangeRequest) -> dict[str, Any]:
    """Write a draft anew; 409 when somebody else has meanwhile."""
    run = running()
    with run.store.write() as session:
        kept = drafts.change(
            session,
            actor=actor(),
            draft_id=draft_id,
            version=body.version,
            document=body.document,
            now=run.clock(),
        )
        return _whole(kept)


@bp.delete("/api/v1/drafts/<draft_id>")
@needs(Action.DRAFT_KEEP)
@bp.output(DeletedAnswer)
def delete(draft_id: str) -> dict[str, Any]:
    run = running()
    with run.store.write() as session:
        drafts.delete(session, actor=actor(), draft_id=draft_id, now=run.clock())
        return {"id": draft_id}


def _whole(kept: drafts.Kept) -> dict[str, Any]:
    return {**_item(kept), "document": dict(kept.document)}


def _item(kept: drafts.Kept) -> dict[str, Any]:
    draft, offence = kept.draft, kept.document.get("offence")
    return {
        "id": draft.id,
        "version": draft.version,
        "offence": offence if isinstance(offence, str) else None,
        "found_on": kept.found_on,
        "clock": kept.clock,
        "file_by": rules.filing_deadline(kept.found_on) if kept.found_on else None,
        "created_by": draft.created_by,
        "created_at": draft.created_at,
        "changed_at": draft.changed_at,
        "kept_until": kept.until,
    }
