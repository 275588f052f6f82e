"""Orders of courts and authorities: issued by a regulator or the operator, confirmed by the other."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.orders import actions, lifting, queries
from registry.orders.models import Order
from registry.orders.rules import Instruction, State

bp = APIBlueprint("orders", __name__, tag="Orders")

_STATEMENT = 16_384


class OrderRequest(Body):
    order: str = Field(max_length=_STATEMENT, description="JWS of type order+jwt")


class ConfirmationRequest(Body):
    confirmation: str = Field(max_length=_STATEMENT, description="JWS of type order-confirmation+jwt")


class WithdrawalRequest(Body):
    withdrawal: str = Field(max_length=_STATEMENT, description="JWS of type order-withdrawal+jwt")


class OrderAnswer(Answer):
    id: str
    instruction: Instruction
    state: State
    issued_by: str = Field(description="regulator or operator")
    issued_at: AwareDatetime
    until: AwareDatetime
    statement: dict[str, Any] | None = Field(description="the signed words; null in a list")
    withdrawal: dict[str, Any] | None = Field(description="what one side has signed to lift it; null in a list")


class OrdersAnswer(Answer):
    orders: list[OrderAnswer] = Field(description="issued or in force, the oldest first")


@bp.get("/api/v1/orders")
@needs(Action.ORDER_READ)
@bp.output(OrdersAnswer)
def orders() -> dict[str, Any]:
    """Orders that wait for the second signature, or are in force."""
    with running().store.read() as session:
        return {"orders": [_shown(row) for row in queries.page(session, actor=actor())]}


@bp.get("/api/v1/orders/<order_id>")
@needs(Action.ORDER_READ)
@bp.output(OrderAnswer)
def order(order_id: str) -> dict[str, Any]:
    """One order with its words, to be confirmed."""
    run = running()
    with run.store.write() as session:
        row, words = actions.open_order(session, actor=actor(), order_id=order_id, now=run.clock())
        return _shown(row, words, queries.withdrawn_words(session, row))


@bp.post("/api/v1/orders")
@needs(Action.ORDER_ISSUE)
@bp.input(OrderRequest, arg_name="body")
@bp.output(OrderAnswer, 201)
def issue(body: OrderRequest) -> dict[str, Any]:
    """Issue an order. What a regulator signs hides or preserves at once, for 72 hours."""
    run = running()
    with run.store.write() as session:
        row = actions.issue(session, actor=actor(), statement=body.order, issuer=run.issuer, now=run.clock())
        return _shown(row)


@bp.post("/api/v1/orders/<order_id>/confirmation")
@needs(Action.ORDER_ISSUE)
@bp.input(ConfirmationRequest, arg_name="body")
@bp.output(OrderAnswer)
def confirm(order_id: str, body: ConfirmationRequest) -> dict[str, Any]:
    """The other side signs the same words: the order is in force."""
    run = running()
    with run.store.write() as session:
        row = actions.confirm(
            session,
            actor=actor(),
            order_id=order_id,
            statement=body.confirmation,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(row)


@bp.post("/api/v1/orders/<order_id>/withdrawal")
@needs(Action.ORDER_ISSUE)
@bp.input(WithdrawalRequest, arg_name="body")
@bp.output(OrderAnswer)
def withdraw(order_id: str, body: WithdrawalRequest) -> dict[str, Any]:
    """Sign that the authority has withdrawn its order. Once both sides have, in the same words, it is lifted."""
    run = running()
    with run.store.write() as session:
        row = lifting.withdraw(
            session,
            actor=actor(),
            order_id=order_id,
            statement=body.withdrawal,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(row)


def _shown(row: Order, words: dict[str, Any] | None = None, withdrawal: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": row.id,
        "instruction": row.instruction,
        "state": row.state,
        "issued_by": row.side.value,
        "issued_at": row.issued_at,
        "until": row.until,
        "statement": words,
        "withdrawal": withdrawal,
    }
