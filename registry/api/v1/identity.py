"""`POST /api/v1/identity/evaluations`: blinded elements in, evaluated ones out, with one proof and a ticket."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from registry import base64url
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.checks.actions import admit, require_evaluation
from registry.identity.group import SIZE
from registry.policy import BATCH

bp = APIBlueprint("identity", __name__, tag="Identity")


class EvaluationRequest(Body):
    key_id: str = Field(max_length=64, description="from the discovery document")
    elements: list[str] = Field(min_length=1, max_length=BATCH, description="base64url of 32 bytes each")


class EvaluationAnswer(Answer):
    key_id: str
    elements: list[str] = Field(description="in the order of the request")
    proof: str = Field(description="64 bytes: RFC 9497 proof over the whole batch; verify it before unblinding")
    ticket: str = Field(description="good for as many tags as there were elements, for fifteen minutes")


@bp.post("/api/v1/identity/evaluations")
@needs(Action.EVALUATE)
@bp.input(EvaluationRequest, arg_name="body")
@bp.output(EvaluationAnswer)
def evaluate(body: EvaluationRequest) -> dict[str, Any]:
    """Evaluate up to 1,000 blinded elements under the consortium's key (RFC 9497, VOPRF, ristretto255-SHA512)."""
    run, who = running(), actor()
    # Whether each is an element the key holder looks at, before it counts them: it is a tenth of the work.
    elements = tuple(base64url.decode(text, field="elements", size=SIZE) for text in body.elements)
    keys = run.holder.public()
    with run.store.read() as session:
        require_evaluation(session, actor=who, key_id=body.key_id, units=len(elements), keys=keys, now=run.clock())
    evaluation = run.holder.evaluate(member=who.member_id, account=who.id, elements=elements, key_id=body.key_id)
    with run.store.write() as session:
        admit(session, actor=who, evaluation=evaluation, keys=keys, now=run.clock())
    return {
        "key_id": evaluation.key_id,
        "elements": [base64url.encode(element) for element in evaluation.elements],
        "proof": base64url.encode(evaluation.proof),
        "ticket": evaluation.ticket,
    }
