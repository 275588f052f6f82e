"""Amend a report after its screening: correction, revision, contest, void."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry import base64url
from registry.access import Action, needs
from registry.amendments import actions, rules
from registry.amendments.models import Amendment
from registry.amendments.rules import Kind, State
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body

bp = APIBlueprint("amendments", __name__, tag="Reports")

_STATEMENT = 32_768


class AmendRequest(Body):
    amendment: str = Field(max_length=_STATEMENT, description="JWS of type amendment+jwt")


class AmendmentConfirmRequest(Body):
    confirmation: str = Field(max_length=_STATEMENT, description="JWS of type amendment-confirmation+jwt")


class AmendmentAnswer(Answer):
    id: str
    report: str
    kind: Kind
    state: State
    digest: str = Field(description="base64url SHA-256 of the payload: what a confirmation is over")
    signed_at: AwareDatetime
    confirm_by: AwareDatetime = Field(description="then it lapses, unless a second person has confirmed it")


class AmendmentDetails(AmendmentAnswer):
    confirmed_at: AwareDatetime | None = Field(description="when it took effect")
    statement: dict[str, Any] = Field(description="the signed payload")


class AmendmentsAnswer(Answer):
    amendments: list[AmendmentDetails] = Field(description="the oldest first")


@bp.post("/api/v1/reports/<report_id>/amendments")
@needs(Action.REPORT_AMEND)
@bp.input(AmendRequest, arg_name="body")
@bp.output(AmendmentAnswer, 201)
def sign(report_id: str, body: AmendRequest) -> dict[str, Any]:
    """Sign an amendment. It takes effect once a second person confirms it; a void hides the entry at once."""
    run = running()
    with run.store.write() as session:
        row = actions.sign(
            session, actor=actor(), report_id=report_id, token=body.amendment, issuer=run.issuer, now=run.clock()
        )
        return _shown(row)


@bp.get("/api/v1/reports/<report_id>/amendments")
@needs(Action.REPORT_READ)
@bp.output(AmendmentsAnswer)
def amendments(report_id: str) -> dict[str, Any]:
    """Every amendment of a report, for those on the case. Reading them is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        told = actions.open_all(session, actor=actor(), report_id=report_id, now=run.clock())
        return {
            "amendments": [
                {**_shown(each.row), "confirmed_at": each.confirmed_at, "statement": each.words} for each in told
            ]
        }


@bp.post("/api/v1/amendments/<amendment_id>/confirmation")
@needs(Action.AMENDMENT_CONFIRM)
@bp.input(AmendmentConfirmRequest, arg_name="body")
@bp.output(AmendmentAnswer)
def confirm(amendment_id: str, body: AmendmentConfirmRequest) -> dict[str, Any]:
    """The second person signs the same words: the amendment takes effect, and whoever was told otherwise is told."""
    run = running()
    with run.store.write() as session:
        row = actions.confirm(
            session,
            actor=actor(),
            amendment_id=amendment_id,
            token=body.confirmation,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(row)


def _shown(row: Amendment) -> dict[str, Any]:
    return {
        "id": row.id,
        "report": row.report_id,
        "kind": row.kind,
        "state": row.state,
        "digest": base64url.encode(row.statement_digest),
        "signed_at": row.signed_at,
        "confirm_by": rules.confirm_by(row.signed_at),
    }
