"""Erasures: the list of what would stop opening, opened and cosigned by a regulator."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.cases.acts import Opened
from registry.cases.models import Case
from registry.erasures import actions, rules
from registry.erasures.models import Erasure
from registry.policy import Ending

bp = APIBlueprint("erasures", __name__, tag="Erasures")


class CaseRequest(Body):
    case: str = Field(max_length=16, description="the case's number")


class CosignRequest(Body):
    statement: str = Field(max_length=16_384, description="JWS of type erasure+jwt")


class ErasureAnswer(Answer):
    id: str
    case: str = Field(description="the case's id, which the statement names")
    state: rules.State
    ground: Ending
    count: int
    positions_digest: str = Field(description="base64url SHA-256 over the JCS of the positions, which is signed")
    proposed_at: AwareDatetime
    cosigned_at: AwareDatetime | None


class ErasuresAnswer(Answer):
    erasures: list[ErasureAnswer] = Field(description="not executed, the oldest first")


class ActItem(Answer):
    position: int
    verb: str
    actor: str
    at: AwareDatetime
    facts: dict[str, Any]


class ListAnswer(ErasureAnswer):
    acts: list[ActItem] = Field(description="what stands at each listed position; nothing of it opens afterwards")


@bp.get("/api/v1/erasures")
@needs(Action.ERASURE_READ)
@bp.output(ErasuresAnswer)
def erasures() -> dict[str, Any]:
    """Erasures that wait for a regulator, or to be executed."""
    with running().store.read() as session:
        return {"erasures": [_shown(row) for row in actions.page(session, actor=actor())]}


@bp.post("/api/v1/erasures")
@needs(Action.ERASURE_PROPOSE)
@bp.input(CaseRequest, arg_name="body")
@bp.output(ErasureAnswer, 201)
def propose(body: CaseRequest) -> dict[str, Any]:
    """Propose to forget a case whose time is over, or that an order says to erase; or make its list anew."""
    run = running()
    with run.store.write() as session:
        case: Case = actions.case_of(session, number=body.case)
        return _shown(actions.propose_by(session, actor=actor(), case=case, now=run.clock()))


@bp.post("/api/v1/erasures/<erasure_id>/opening")
@needs(Action.ERASURE_COSIGN)
@bp.output(ListAnswer)
def open_list(erasure_id: str) -> dict[str, Any]:
    """Open every listed act, before you sign. Logged."""
    run = running()
    with run.store.write() as session:
        row, opened = actions.open_list(session, actor=actor(), erasure_id=erasure_id, now=run.clock())
        return {**_shown(row), "acts": [_act(each) for each in opened]}


@bp.post("/api/v1/erasures/<erasure_id>/cosignature")
@needs(Action.ERASURE_COSIGN)
@bp.input(CosignRequest, arg_name="body")
@bp.output(ErasureAnswer)
def cosign(erasure_id: str, body: CosignRequest) -> dict[str, Any]:
    """Sign case, ground and positions; the worker then forgets the case."""
    run = running()
    with run.store.write() as session:
        row = actions.cosign(
            session,
            actor=actor(),
            erasure_id=erasure_id,
            statement=body.statement,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(row)


def _shown(row: Erasure) -> dict[str, Any]:
    return {
        "id": row.id,
        "case": row.case_id,
        "state": row.state,
        "ground": row.ground,
        "count": len(row.positions),
        "positions_digest": rules.positions_digest(row.positions),
        "proposed_at": row.proposed_at,
        "cosigned_at": row.cosigned_at,
    }


def _act(opened: Opened) -> dict[str, Any]:
    return {
        "position": opened.position,
        "verb": opened.verb,
        "actor": opened.actor,
        "at": opened.at,
        "facts": opened.facts,
    }
