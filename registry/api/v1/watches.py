"""Watches, and the feed of changes to the entries that concern a member."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.policy import BATCH, DAY, WATCH_AT_MOST
from registry.recalls.changes import changes
from registry.watches import actions
from registry.watches.models import Watch

bp = APIBlueprint("watches", __name__, tag="Watches")

_DAYS = WATCH_AT_MOST // DAY


class WatchRequest(Body):
    checks: list[str] = Field(min_length=1, max_length=BATCH, description="your checks of present staff, of today")
    days: int = Field(_DAYS, ge=1, le=_DAYS)


class RenewalRequest(Body):
    check: str = Field(max_length=32, description="a new check of the same person")
    days: int = Field(_DAYS, ge=1, le=_DAYS)


class PageQuery(Body):
    after: str | None = Field(None, max_length=32, description="the last id of the page before")


class WatchAnswer(Answer):
    id: str
    check: str
    begun_at: AwareDatetime
    until: AwareDatetime
    cancelled_at: AwareDatetime | None


class WatchesAnswer(Answer):
    watches: list[WatchAnswer]


class ChangesQuery(Body):
    cursor: str | None = Field(None, max_length=200, description="`cursor` of the answer before")


class ChangeAnswer(Answer):
    entry: str
    change: str = Field(description="list, correct, revise, suspend, reinstate, shorten, void or rehabilitate")
    state: str = Field(description="what the entry became by it")
    at: AwareDatetime


class ChangesAnswer(Answer):
    changes: list[ChangeAnswer] = Field(description="the oldest first, at most a hundred")
    cursor: str = Field(description="pass it back for what comes after")


@bp.post("/api/v1/watches")
@needs(Action.WATCH)
@bp.input(WatchRequest, arg_name="body")
@bp.output(WatchesAnswer, 201)
def begin(body: WatchRequest) -> dict[str, Any]:
    """Keep checks of present staff open: a listing meanwhile reaches you as a recall."""
    run = running()
    with run.store.write() as session:
        watches = actions.begin(session, actor=actor(), checks=body.checks, days=body.days, now=run.clock())
        return {"watches": [_shown(watch) for watch in watches]}


@bp.get("/api/v1/watches")
@needs(Action.WATCH)
@bp.input(PageQuery, location="query", arg_name="query")
@bp.output(WatchesAnswer)
def page(query: PageQuery) -> dict[str, Any]:
    """Your member's live watches by id, a hundred at a time."""
    run = running()
    with run.store.read() as session:
        watches = actions.page(session, actor=actor(), after=query.after, now=run.clock())
        return {"watches": [_shown(watch) for watch in watches]}


@bp.post("/api/v1/watches/<watch_id>/renewal")
@needs(Action.WATCH)
@bp.input(RenewalRequest, arg_name="body")
@bp.output(WatchAnswer)
def renew(watch_id: str, body: RenewalRequest) -> dict[str, Any]:
    """Go on with a new check of the same person."""
    run = running()
    with run.store.write() as session:
        return _shown(
            actions.renew(
                session, actor=actor(), watch_id=watch_id, check_id=body.check, days=body.days, now=run.clock()
            )
        )


@bp.delete("/api/v1/watches/<watch_id>")
@needs(Action.WATCH)
@bp.output(WatchAnswer)
def cancel(watch_id: str) -> dict[str, Any]:
    """Nothing is told any more. A second time changes nothing."""
    run = running()
    with run.store.write() as session:
        return _shown(actions.cancel(session, actor=actor(), watch_id=watch_id, now=run.clock()))


@bp.get("/api/v1/changes")
@needs(Action.CHANGES_READ)
@bp.input(ChangesQuery, location="query", arg_name="query")
@bp.output(ChangesAnswer)
def feed(query: ChangesQuery) -> dict[str, Any]:
    """What has happened to entries that your member filed, was shown or watches; for a regulator, to all."""
    run = running()
    with run.store.read() as session:
        found = changes(session, actor=actor(), cursor=query.cursor, now=run.clock())
        listed = [{"entry": e.id, "change": s.verb, "state": s.after, "at": s.at} for e, s in found.rows]
        return {"changes": listed, "cursor": found.cursor}


def _shown(watch: Watch) -> dict[str, Any]:
    return {
        "id": watch.id,
        "check": watch.check_id,
        "begun_at": watch.begun_at,
        "until": watch.until,
        "cancelled_at": watch.cancelled_at,
    }
