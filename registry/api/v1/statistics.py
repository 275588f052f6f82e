"""What the public may know of appeals."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from registry.access import Action, needs
from registry.api.context import running
from registry.api.schemas import Answer
from registry.appeals.rules import Lane
from registry.panels import statistics
from registry.panels.rules import Choice
from registry.policy import OVERTURN_LOOKS_BACK

bp = APIBlueprint("statistics", __name__, tag="Statistics")


class PublishedAnswer(Answer):
    month: str
    instance: int
    lane: Lane
    grounds: list[str]
    offence: str
    choice: Choice
    unanimous: bool


class DecisionsAnswer(Answer):
    decisions: list[PublishedAnswer] = Field(description="the newest thousand; no case, no person, no panel")


class TookAnswer(Answer):
    step: str
    count: int
    median_hours: float
    longest_hours: float
    in_time: int


class OverturnedAnswer(Answer):
    member: str
    decided: int
    overturned: int


class StatisticsAnswer(Answer):
    steps: list[TookAnswer] = Field(description="of the appeals of the last year, against their targets")
    members: list[OverturnedAnswer] = Field(description="of the last year: decided on, and not left as they were")


@bp.get("/api/v1/decisions")
@needs(Action.PUBLIC)
@bp.output(DecisionsAnswer)
def decisions() -> dict[str, Any]:
    """Every decision of a panel, without a person in it."""
    with running().store.read() as session:
        return {"decisions": [asdict(each) for each in statistics.decisions(session)]}


@bp.get("/api/v1/statistics")
@needs(Action.PUBLIC)
@bp.output(StatisticsAnswer)
def figures() -> dict[str, Any]:
    """How long appeals take, and whose listings did not stand."""
    run = running()
    now = run.clock()
    with run.store.read() as session:
        return {
            "steps": [_took(each) for each in statistics.durations(session, since=now - OVERTURN_LOOKS_BACK)],
            "members": [asdict(each) for each in statistics.overturned(session, now=now)],
        }


def _took(took: statistics.Took) -> dict[str, Any]:
    hours = {"median_hours": took.median.total_seconds() / 3600, "longest_hours": took.longest.total_seconds() / 3600}
    return {"step": took.step, "count": took.count, "in_time": took.in_time, **hours}
