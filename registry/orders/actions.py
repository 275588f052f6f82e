"""Issue and confirm orders; let them lapse and end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor, require
from registry.appeals.actions import key_by
from registry.appeals.effects import ENDED
from registry.cases.actions import key_of, seal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import of_case, shown
from registry.errors import Conflict, Forbidden, NotFound
from registry.log.actions import record
from registry.members.actions import get as member
from registry.members.models import Kind
from registry.notices import news
from registry.notices.actions import send
from registry.notices.rules import read_case_number
from registry.orders import rules
from registry.orders.models import Confirmation, Order
from registry.orders.queries import by_id, other_side, told, words_of
from registry.orders.rules import NEXT, Instruction, State, Verb
from registry.policy import CONFIRMED_WITHIN, News
from registry.recalls.actions import issue as recall
from registry.recalls.rules import Reason
from registry.reports import actions as reports
from registry.reports import rules as report_rules
from registry.reports.queries import of_case as reports_of_case
from registry.signing import jws

CLOCK: Final = "system:orders"


def issue(session: Session, *, actor: Actor, statement: str, issuer: str, now: datetime) -> Order:
    """Take an order in `statement` (JWS, typ `order+jwt`), signed by the actor's own key, about the case it names.

    A regulator's `suspend` and `preserve` hold at once, for 72 hours. The same statement again gives the same order.
    """
    require(actor, Action.ORDER_ISSUE)
    side = side_of(session, actor)
    signed = jws.verify(statement, typ=rules.ORDER, key_for=key_by(session, actor, actor.member_id))
    if (known := _known(session, actor, signed)) is not None:
        return known
    said = rules.read(signed.payload, signer=actor.member_id, issuer=issuer, now=now)
    case = session.scalar(sa.select(Case).where(Case.number == read_case_number(said.case_number)))
    if case is None:
        raise NotFound("there is no case of this number", field="case")
    key = key_of(session, case)
    row = Order(id=new_id(), case_id=case.id, instruction=said.instruction, side=side, account_id=actor.id)
    row.member_id, row.kid, row.jti = actor.member_id, signed.kid, _alias(session, signed)
    row.statement_digest, row.issued_at, row.until = signed.digest, now, said.until
    row.sealed_statement = seal(key, row, "sealed_statement", statement)
    begin(session, row, NEXT, Verb.ISSUE, actor=actor.id, now=now)
    tell(session, row, "order.issued", other_side(session, side), now)
    hidden = _apply(session, row, case, now)
    facts = {"order": row.id, "instruction": row.instruction.value, "kid": row.kid, "side": side.value}
    record(session, "order.issue", actor=actor.id, now=now, facts=facts, case=key)
    _recall(session, hidden, now)
    return row


def confirm(session: Session, *, actor: Actor, order_id: str, statement: str, issuer: str, now: datetime) -> Order:
    """The other side signs the digest of the same words (JWS, typ `order-confirmation+jwt`): the order is in force.

    Raises Forbidden (code `two-sides`) for the side that issued it, Conflict once it has lapsed.
    """
    require(actor, Action.ORDER_ISSUE)
    row = by_id(session, order_id)
    if side_of(session, actor) is row.side:
        raise Forbidden(
            "the other side must confirm: a regulator what the operator issued, or the reverse", code="two-sides"
        )
    signed = jws.verify(statement, typ=rules.CONFIRMATION, key_for=key_by(session, actor, actor.member_id))
    digest = base64url.encode(row.statement_digest)
    rules.read_confirmation(signed.payload, signer=actor.member_id, issuer=issuer, digest=digest, now=now)
    if now >= min(row.until, rules.confirm_by(row.issued_at)):
        raise Conflict(
            "the time to confirm this order is over; the side that issued it may issue it again", code="too-late"
        )
    case = session.get_one(Case, row.case_id)
    key = key_of(session, case)
    advance(session, row, NEXT, Verb.CONFIRM, actor=actor.id, now=now)
    second = Confirmation(id=new_id(), case_id=case.id, order_id=row.id, account_id=actor.id, kid=signed.kid)
    second.statement_digest, second.confirmed_at = signed.digest, now
    second.sealed_statement = seal(key, second, "sealed_statement", statement)
    session.add(second)
    hidden = _apply(session, row, case, now)
    facts = {"order": row.id, "kid": signed.kid}
    record(session, "order.confirm", actor=actor.id, now=now, facts=facts, case=key)
    _recall(session, hidden, now)
    return row


def open_order(session: Session, *, actor: Actor, order_id: str, now: datetime) -> tuple[Order, dict[str, Any]]:
    """The order and its signed words, for the side that is to confirm; each opening is logged."""
    require(actor, Action.ORDER_READ)
    row = by_id(session, order_id)
    words = words_of(session, row)
    key = key_of(session, session.get_one(Case, row.case_id))
    record(session, "order.read", actor=actor.id, now=now, facts={"order": row.id}, case=key)
    return row, words


def run_clocks(session: Session, now: datetime, limit: int = 50) -> list[Order]:
    """Orders that were not confirmed lapse, others end with their date; whoever sees the entry again is told."""
    over = sa.or_(
        sa.and_(Order.state == State.ISSUED, Order.issued_at <= now - CONFIRMED_WITHIN),
        sa.and_(Order.state.in_(rules.OPEN), Order.until <= now),
    )
    due = session.scalars(sa.select(Order).where(over).order_by(Order.issued_at, Order.id).limit(limit)).all()
    for row in due:
        _end(session, row, now)
    return list(due)


def _end(session: Session, row: Order, now: datetime) -> None:
    case = session.get_one(Case, row.case_id)
    key = key_of(session, case) if case.wrapped_key is not None else None
    verb = Verb.LAPSE if row.state is State.ISSUED else Verb.END
    advance(session, row, NEXT, verb, actor=CLOCK, now=now)
    tell(session, row, f"order.{row.state.value}", told(session), now)
    entry = of_case(session, row.case_id) if row.instruction is Instruction.SUSPEND else None
    is_shown = entry is not None and shown(entry, now)
    if is_shown:
        news.tell(session, case_id=row.case_id, news=News.CHANGED, now=now)
    record(session, f"order.{verb.value}", actor=CLOCK, now=now, facts={"order": row.id}, case=key)
    if entry is not None and is_shown:
        recall(session, entry, Reason.LISTED, now)


def _apply(session: Session, row: Order, case: Case, now: datetime) -> Entry | None:
    """Set the dates that make it hold; the entry, if that hides it. A later date stands, whatever order set it."""
    by_regulator = row.side is Kind.REGULATOR
    until = rules.holds_until(row.state, issued_at=row.issued_at, until=row.until, by_regulator=by_regulator)
    if until is None:
        return None
    if row.instruction is Instruction.ERASE:
        if row.state is State.IN_FORCE:
            _void(session, case, row, now)
        return None
    if row.instruction is Instruction.PRESERVE:
        case.preserved_until = _later(case.preserved_until, until)
        return None
    hidden = entries.hide_until(session, case, until, now)
    if hidden is not None:
        news.tell(session, case_id=case.id, news=News.CHANGED, now=now)
    return hidden


def _void(session: Session, case: Case, order: Order, now: datetime) -> None:
    """What is to be erased is not listed any more. The caller records."""
    entry, report, reason = of_case(session, case.id), reports_of_case(session, case.id), f"order {order.id}"
    if entry is not None and entry.state not in ENDED:
        entries.void(session, entry, actor_id=CLOCK, now=now, reason=reason)
        recall(session, entry, Reason.VOIDED, now)
    elif entry is None and report.state in report_rules.OPEN:
        reports.void(session, report=report, actor_id=CLOCK, reason=reason, now=now)


def _recall(session: Session, hidden: Entry | None, now: datetime) -> None:
    if hidden is not None:
        recall(session, hidden, Reason.SUSPENDED, now)


def _later(present: datetime | None, new: datetime) -> datetime:
    return new if present is None else max(present, new)


def side_of(session: Session, actor: Actor) -> Kind:
    return member(session, actor.member_id).kind


def _known(session: Session, actor: Actor, signed: jws.Statement) -> Order | None:
    named = sa.select(Order).where(Order.member_id == actor.member_id, Order.jti == _alias(session, signed))
    row = session.scalar(named)
    if row is not None and row.statement_digest != signed.digest:
        raise Conflict("jti was used for another order; give each its own", field="jti", code="jti-used")
    return row


def _alias(session: Session, signed: jws.Statement) -> str:
    return session.keyring.alias("order", str(signed.payload.get("jti")))


def tell(session: Session, row: Order, kind: str, members: list[str], now: datetime) -> None:
    """By webhook: that something has become of the order. The caller records."""
    for member_id in members:
        payload = {"type": kind, "id": row.id}
        send(session, channel="webhook", member_id=member_id, kind=kind, payload=payload, now=now)
