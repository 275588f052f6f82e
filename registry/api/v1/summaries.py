"""A member's month in numbers, and what it owes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import summaries
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.restraints.rules import State

bp = APIBlueprint("summaries", __name__, tag="Members")


class MonthQuery(Body):
    month: str = Field(max_length=7, description="YYYY-MM, of UTC")


class OwedItem(Answer):
    what: str = Field(description="acknowledge, answer-finding, answer-appeal or confirm-amendment")
    id: str
    by: AwareDatetime | None


class SummaryAnswer(Answer):
    month: str
    filed: int
    screened: int = Field(description="reports that were let through")
    refused: int
    listed: int
    decided: int = Field(description="listings that panels decided on")
    overturned: int = Field(description="of these, how many did not stand as they were")
    amended: int
    checked: int = Field(description="people asked about")
    hits: int
    recalls: int
    restraint: State | None = Field(description="whether your member files less, or nothing, now")
    owed: list[OwedItem] = Field(description="now, whatever the month; what is due first stands first")


@bp.get("/api/v1/summary")
@needs(Action.SUMMARY_READ)
@bp.input(MonthQuery, location="query", arg_name="query")
@bp.output(SummaryAnswer)
def summary(query: MonthQuery) -> dict[str, Any]:
    """Your member's month: filed, screened, listed, overturned, checked; and what it owes now."""
    run = running()
    with run.store.read() as session:
        found = summaries.of_month(session, actor=actor(), month=query.month, now=run.clock())
        return {**asdict(found), "owed": [asdict(each) for each in found.owed]}
