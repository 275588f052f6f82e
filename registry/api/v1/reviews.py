"""Reviews: listings at half of their term, and subjects who ask for the end of theirs."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.reviews import actions
from registry.reviews.models import Review
from registry.reviews.rules import Ground, State

bp = APIBlueprint("reviews", __name__, tag="Reviews")


class ReviewAnswer(Answer):
    id: str
    entry: str
    member: str
    ground: Ground
    state: State
    opened_at: AwareDatetime
    decided_at: AwareDatetime | None


class ReviewsAnswer(Answer):
    reviews: list[ReviewAnswer] = Field(description="open, the oldest first, without those that you may not decide")


class ReviewDetails(ReviewAnswer):
    text: str | None = Field(description="the subject's words; null at half-term")
    report: dict[str, Any] = Field(description="the report's words")


class OutcomeBody(Body):
    end: bool = Field(description="whether the listing ends")
    reasons: str = Field(max_length=policy.REASONS_LENGTH)


@bp.get("/api/v1/reviews")
@needs(Action.REVIEW_READ)
@bp.output(ReviewsAnswer)
def reviews() -> dict[str, Any]:
    """Listings that wait for somebody to decide whether they go on."""
    with running().store.read() as session:
        return {"reviews": [_shown(row) for row in actions.docket(session, actor=actor())]}


@bp.get("/api/v1/reviews/<review_id>")
@needs(Action.REVIEW_DECIDE)
@bp.output(ReviewDetails)
def review(review_id: str) -> dict[str, Any]:
    """One review with what the subject says and what is alleged. Logged."""
    run = running()
    with run.store.write() as session:
        row, text, words = actions.open_review(session, actor=actor(), review_id=review_id, now=run.clock())
        return {**_shown(row), "text": text, "report": words}


@bp.post("/api/v1/reviews/<review_id>/decision")
@needs(Action.REVIEW_DECIDE)
@bp.input(OutcomeBody, arg_name="body")
@bp.output(ReviewAnswer)
def decide(review_id: str, body: OutcomeBody) -> dict[str, Any]:
    """Keep the listing or end it; whoever was told of it is told."""
    run = running()
    with run.store.write() as session:
        row = actions.decide(
            session, actor=actor(), review_id=review_id, end=body.end, reasons=body.reasons, now=run.clock()
        )
        return _shown(row)


def _shown(row: Review) -> dict[str, Any]:
    return {
        "id": row.id,
        "entry": row.entry_id,
        "member": row.member_id,
        "ground": row.ground,
        "state": row.state,
        "opened_at": row.opened_at,
        "decided_at": row.decided_at,
    }
