"""Lift an order before its date: the authority has withdrawn it, and both sides sign that in the same words."""

from __future__ import annotations

from datetime import datetime

from registry import base64url
from registry.access import Action, Actor, require
from registry.amendments.queries import hides_until
from registry.appeals.actions import key_by
from registry.cases.actions import hold, key_of, seal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.errors import Conflict
from registry.log.actions import CaseKey, record
from registry.members.models import Kind
from registry.notices import news
from registry.orders import rules
from registry.orders.actions import side_of, tell
from registry.orders.models import Order, Withdrawal
from registry.orders.queries import by_id, holds_until, other_side, told, withdrawals, withdrawn_words
from registry.orders.rules import NEXT, Instruction, State, Verb
from registry.policy import News
from registry.recalls.actions import issue as recall
from registry.recalls.rules import Reason
from registry.signing import jws


def withdraw(session: Session, *, actor: Actor, order_id: str, statement: str, issuer: str, now: datetime) -> Order:
    """Take one side's word (JWS, typ `order-withdrawal+jwt`) that the authority has withdrawn the order.

    With the word of the other side, in the same words, it is lifted at once: what it hid is shown again unless
    something else hides it, and everyone concerned is told. The same side again changes nothing. Raises Conflict unless
    the order is in force, or (code `words-differ`) when the two sides say different things.
    """
    require(actor, Action.ORDER_ISSUE)
    row, side = by_id(session, order_id), side_of(session, actor)
    signed = jws.verify(statement, typ=rules.WITHDRAWAL, key_for=key_by(session, actor, actor.member_id))
    digest = base64url.encode(row.statement_digest)
    said = rules.read_withdrawal(signed.payload, signer=actor.member_id, issuer=issuer, digest=digest, now=now)
    hold(session, row.case_id)
    if any(each.side is side for each in withdrawals(session, row)):
        return row
    _verify_in_force(row, now)
    _verify_same_words(withdrawn_words(session, row), said)
    case = session.get_one(Case, row.case_id)
    key = key_of(session, case)
    _keep(session, row, key, signed, statement, side, actor, now)
    shown = None
    if len(withdrawals(session, row)) > 1:
        shown = _lift(session, row, case, actor, now)
        tell(session, row, "order.lifted", told(session), now)
    else:
        tell(session, row, "order.withdrawn", other_side(session, side), now)
    facts = {"order": row.id, "kid": signed.kid, "side": side.value}
    record(session, "order.withdraw", actor=actor.id, now=now, facts=facts, case=key)
    if shown is not None:
        recall(session, shown, Reason.LISTED, now)
    return row


def _lift(session: Session, row: Order, case: Case, actor: Actor, now: datetime) -> Entry | None:
    """Let the order hold no more; the entry, if that shows it again. What other orders do stands."""
    advance(session, row, NEXT, Verb.LIFT, actor=actor.id, now=now)
    until = holds_until(session, case.id, row.instruction)
    if row.instruction is Instruction.PRESERVE:
        case.preserved_until = until
    if row.instruction is not Instruction.SUSPEND:
        return None
    dates = [date for date in (until, hides_until(session, case.id)) if date is not None]
    shown = entries.unhide(session, case, max(dates, default=None), now)
    if shown is not None:
        news.tell(session, case_id=case.id, news=News.CHANGED, now=now)
    return shown


def _verify_in_force(row: Order, now: datetime) -> None:
    if row.state is State.ISSUED:
        by = rules.confirm_by(row.issued_at)
        raise Conflict(
            "nobody has confirmed this order; unless the other side does, it lapses by itself at "
            "{by:%Y-%m-%d %H:%M} UTC",
            by=by,
            code="not-allowed-now",
        )
    if row.state is not State.IN_FORCE or now >= row.until:
        raise Conflict("this order is over already; nothing of it is left to lift", code="not-allowed-now")


def _verify_same_words(first: dict[str, object] | None, said: dict[str, str]) -> None:
    if first is not None and any(first[name] != text for name, text in said.items()):
        raise Conflict(
            "ground, authority and reference must be as the other side has signed them; read the order and sign again",
            code="words-differ",
        )


def _keep(
    session: Session,
    row: Order,
    key: CaseKey,
    signed: jws.Statement,
    statement: str,
    side: Kind,
    actor: Actor,
    now: datetime,
) -> None:
    kept = Withdrawal(id=new_id(), case_id=row.case_id, order_id=row.id, side=side, account_id=actor.id)
    kept.kid, kept.statement_digest, kept.signed_at = signed.kid, signed.digest, now
    kept.sealed_statement = seal(key, kept, "sealed_statement", statement)
    session.add(kept)
    session.flush()
