"""Propose an erasure, open what it would make mute, cosign it, execute it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry import vault
from registry.access import Action, Actor, require
from registry.appeals.actions import key_by
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.erasures import endings, rules
from registry.erasures.forgetting import forget
from registry.erasures.models import Erasure
from registry.erasures.rules import NEXT, State, Verb
from registry.errors import Conflict, NotFound
from registry.keys.rotations import stop_handles
from registry.log.actions import record
from registry.log.models import Act, LeafType
from registry.members.models import Kind, Member
from registry.notices.actions import send
from registry.notices.rules import read_case_number
from registry.signing import jws

CLOCK: Final = "system:erasures"


def propose(session: Session, *, case: Case, actor: str, now: datetime) -> Erasure:
    """List the positions that would stop opening, and tell the regulators. Conflict while the case must be kept."""
    ground = endings.require_ending(session, case, now)
    row = session.scalar(sa.select(Erasure).where(Erasure.case_id == case.id))
    if row is None:
        row = Erasure(id=new_id(), case_id=case.id, ground=ground, positions=_positions(session, case), proposed_at=now)
        begin(session, row, NEXT, Verb.PROPOSE, actor=actor, now=now)
    else:
        fresh = {
            "ground": ground,
            "positions": _positions(session, case),
            "proposed_at": now,
            "opened_by": None,
            "account_id": None,
        }
        gone = {"kid": None, "sealed_statement": None, "cosign_act": None, "cosigned_at": None}
        advance(session, row, NEXT, Verb.RENEW, actor=actor, now=now, **fresh, **gone)
    for member_id in session.scalars(sa.select(Member.id).where(Member.kind == Kind.REGULATOR).order_by(Member.id)):
        payload = {"type": "erasure.proposed", "id": row.id}
        send(session, channel="webhook", member_id=member_id, kind="erasure.proposed", payload=payload, now=now)
    facts = {"erasure": row.id, "ground": ground.value, "count": len(row.positions)}
    record(session, "erasure.propose", actor=actor, now=now, facts=facts)
    return row


def propose_by(session: Session, *, actor: Actor, case: Case, now: datetime) -> Erasure:
    """As `propose`, for a clerk or the operator who does not wait for the worker, or carries out an order."""
    require(actor, Action.ERASURE_PROPOSE)
    return propose(session, case=case, actor=actor.id, now=now)


def by_id(session: Session, erasure_id: str) -> Erasure:
    row = session.get(Erasure, erasure_id)
    if row is None:
        raise NotFound("there is no such erasure", field="id")
    return row


def case_of(session: Session, *, number: str) -> Case:
    case = session.scalar(sa.select(Case).where(Case.number == read_case_number(number)))
    if case is None:
        raise NotFound("there is no case of this number", field="case")
    return case


def open_list(session: Session, *, actor: Actor, erasure_id: str, now: datetime) -> tuple[Erasure, list[acts.Opened]]:
    """What each listed position says, for the regulator who is to cosign. Logged, though not as an act of the case."""
    row = _guarded(session, actor, erasure_id)
    key = key_of(session, session.get_one(Case, row.case_id))
    listed = set(row.positions)
    opened = [act for act in acts.of_case(session, key) if act.position in listed]
    row.opened_by = actor.id
    record(session, "erasure.open", actor=actor.id, now=now, facts={"erasure": row.id})
    return row, opened


def cosign(session: Session, *, actor: Actor, erasure_id: str, statement: str, issuer: str, now: datetime) -> Erasure:
    """The regulator's signature (JWS, typ `erasure+jwt`) over case, ground and positions, by whoever opened them.

    Conflict with code `not-opened`, or `outdated` when the case has had further acts: then the list is made anew.
    """
    row = _guarded(session, actor, erasure_id)
    signed = jws.verify(statement, typ=rules.TYP, key_for=key_by(session, actor, actor.member_id))
    wanted = rules.claims(erasure=row.id, case=row.case_id, ground=row.ground, positions=row.positions)
    rules.verify(signed.payload, wanted, signer=actor.member_id, issuer=issuer, now=now)
    if row.opened_by != actor.id:
        raise Conflict("open the listed acts first; you sign for what they say", code="not-opened")
    require_current(session, row, now)
    sealed = vault.seal(
        session.keyring.vault_key, statement.encode(), table="erasure", row=row.id, column="sealed_statement"
    )
    signature = {"account_id": actor.id, "kid": signed.kid, "sealed_statement": sealed, "cosign_act": new_id()}
    advance(session, row, NEXT, Verb.COSIGN, actor=actor.id, now=now, cosigned_at=now, **signature)
    facts = {"erasure": row.id, "kid": signed.kid}
    record(session, "erasure.cosign", actor=actor.id, now=now, facts=facts, uid=row.cosign_act)
    return row


def execute(session: Session, *, erasure: Erasure, now: datetime, actor: str = CLOCK) -> Erasure:
    """Forget the case, and append the leaf that says so. The caller empties the journal once it has committed."""
    stop_handles(session)  # nobody moves a tag or asks about the person meanwhile
    case = session.get_one(Case, erasure.case_id, with_for_update=True)  # nobody adds an act of the case meanwhile
    require_current(session, erasure, now)
    advance(session, erasure, NEXT, Verb.EXECUTE, actor=actor, now=now, executed_at=now)
    forget(session, case)
    facts = {
        "erasure": erasure.id,
        "case": erasure.case_id,
        "ground": erasure.ground.value,
        "positions": list(erasure.positions),
    }
    record(session, "erasure.execute", actor=actor, now=now, facts=facts, type=LeafType.ERASURE)
    return erasure


def require_current(session: Session, row: Erasure, now: datetime) -> None:
    """Conflict when the case must be kept after all, or has had acts that the list does not name."""
    case = session.get_one(Case, row.case_id)
    ground = endings.require_ending(session, case, now)
    if ground is not row.ground or _positions(session, case) != row.positions:
        raise Conflict("the case has moved on since this list was made; it is made anew", code="outdated")


def page(session: Session, *, actor: Actor) -> list[Erasure]:
    """Those that are not executed, the oldest first."""
    require(actor, Action.ERASURE_READ)
    waiting = sa.select(Erasure).where(Erasure.state != State.EXECUTED)
    return list(session.scalars(waiting.order_by(Erasure.proposed_at, Erasure.id)))


def _guarded(session: Session, actor: Actor, erasure_id: str) -> Erasure:
    require(actor, Action.ERASURE_COSIGN)
    return by_id(session, erasure_id)


def _positions(session: Session, case: Case) -> list[int]:
    """Where the case's acts stand in the log; Conflict while some are not yet there."""
    found = list(session.scalars(sa.select(Act.position).where(Act.case_id == case.id).order_by(Act.id)))
    positions = [position for position in found if position is not None]
    if len(positions) < len(found):
        raise Conflict("acts of this case are not yet in the log; try again in a minute", code="not-sequenced")
    return sorted(positions)
