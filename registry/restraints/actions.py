"""Impose a restraint by the policy's rates, lift it, and ask for it where something is filed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry import vault
from registry.access import Action, Actor, require
from registry.accounts.rules import Role
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Forbidden, NotFound
from registry.log.actions import record
from registry.members.models import Kind, Member
from registry.notices.actions import send
from registry.restraints import rules
from registry.restraints.models import Restraint
from registry.restraints.rules import NEXT, State, Verb

CLOCK: Final = "system:restraints"


def impose(session: Session, *, member_id: str, decided: int, overturned: int, now: datetime) -> Restraint | None:
    """What the rates lead to, told to member and regulators; None when that is so already, or nothing is due."""
    verb, row = rules.due(decided=decided, overturned=overturned), in_force(session, member_id)
    if verb is None or (row is not None and (row.state, verb) not in NEXT):
        return None
    if row is None:
        row = Restraint(id=new_id(), member_id=member_id, decided=decided, overturned=overturned, since=now)
        begin(session, row, NEXT, verb, actor=CLOCK, now=now)
    else:
        advance(session, row, NEXT, verb, actor=CLOCK, now=now, decided=decided, overturned=overturned)
    _tell(session, row, now)
    facts = {"restraint": row.id, "member": member_id, "decided": decided, "overturned": overturned}
    record(session, f"restraint.{verb.value}", actor=CLOCK, now=now, facts=facts)
    return row


def lift(session: Session, *, actor: Actor, restraint_id: str, reasons: str, now: datetime) -> Restraint:
    """A regulator ends it; what was decided until now counts for no further one. `reasons` have been verified."""
    require(actor, Action.RESTRAINT_LIFT)
    row = session.get(Restraint, restraint_id)
    if row is None:
        raise NotFound("there is no such restraint", field="id")
    sealed = vault.seal(
        session.keyring.vault_key, reasons.encode(), table="restraint", row=row.id, column="sealed_reasons"
    )
    done = {"lifted_at": now, "lifted_by": actor.id, "sealed_reasons": sealed}
    advance(session, row, NEXT, Verb.LIFT, actor=actor.id, now=now, **done)
    _tell(session, row, now)
    record(session, "restraint.lift", actor=actor.id, now=now, facts={"restraint": row.id})
    return row


def in_force(session: Session, member_id: str) -> Restraint | None:
    """The member's restraint; held until the commit on PostgreSQL, so that two filings at once are counted."""
    return session.scalar(_in_force(member_id).with_for_update())


def of_member(session: Session, member_id: str) -> Restraint | None:
    """The same, to be looked at."""
    return session.scalar(_in_force(member_id))


def _in_force(member_id: str) -> sa.Select[Restraint]:
    return sa.select(Restraint).where(Restraint.member_id == member_id, Restraint.state.in_(rules.IN_FORCE))


def require_not_suspended(session: Session, member_id: str) -> Restraint | None:
    """Forbidden (code `filing-suspended`) for a member that files nothing now; else its restraint, if it has one."""
    row = in_force(session, member_id)
    if row is not None and row.state is State.SUSPENDED:
        raise Forbidden(
            "your member files nothing until a regulator lifts this: its listings were overturned too often",
            code="filing-suspended",
        )
    return row


def lifted_at(session: Session) -> dict[str, datetime]:
    """By member, when its last restraint was lifted."""
    over = session.scalars(sa.select(Restraint).where(Restraint.lifted_at.is_not(None)).order_by(Restraint.lifted_at))
    return {row.member_id: row.lifted_at for row in over if row.lifted_at is not None}


def page(session: Session, *, actor: Actor) -> list[Restraint]:
    """Those in force: the own member's, for a regulator everybody's; the oldest first."""
    require(actor, Action.RESTRAINT_READ)
    wanted = sa.select(Restraint).where(Restraint.state.in_(rules.IN_FORCE))
    if Role.REGULATOR not in actor.roles:
        wanted = wanted.where(Restraint.member_id == actor.member_id)
    return list(session.scalars(wanted.order_by(Restraint.since, Restraint.id)))


def _tell(session: Session, row: Restraint, now: datetime) -> None:
    session.flush()
    kind = f"restraint.{row.state.value}"
    regulators = session.scalars(sa.select(Member.id).where(Member.kind == Kind.REGULATOR).order_by(Member.id))
    for member_id in (row.member_id, *regulators):
        payload = {"type": kind, "id": row.id}
        send(session, channel="webhook", member_id=member_id, kind=kind, payload=payload, now=now)
