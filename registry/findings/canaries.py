"""Canaries: numbers that nobody has, so that whoever goes through all numbers is heard of.

They are seen where a tag is: the key holder multiplies blinded elements, and can tell none from another. So it is a
check that raises the alarm, by the row that every check leaves and not on its way: the answer is that of anybody
else, in size and in time. Who asked is not told, nor their member: the finding is about the registry itself, for the
regulators, and its words, which name account and batch, are sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, require
from registry.checks.forgetting import forget_moved, forget_renamed
from registry.checks.models import Batch, Canary, Check
from registry.clock import rfc3339
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.findings.actions import CLOCK, keepers, raise_, regulators, seal
from registry.findings.models import Finding
from registry.findings.rules import Kind, State, cause_of_canary
from registry.identity import tags
from registry.keys.rotations import handle_of
from registry.log.actions import record
from registry.notices.actions import send


def add(session: Session, *, actor: Actor, tag: bytes, sealing_public: bytes, now: datetime) -> Canary:
    """Let checks of this tag raise an alarm from now on. Conflict for one that does, and beyond `policy.CANARIES`.

    Every regulator is told: whoever adds the number of a person who exists would learn who checks them. Whether
    anybody is listed under the tag is not looked at, for a refusal would tell.
    """
    require(actor, Action.CANARY_KEEP)
    kept, handle = listed(session), handle_of(session, tag)
    if any(canary.handle == handle for canary in kept):
        raise Conflict("this number is a canary already", field="number")
    if len(kept) >= policy.CANARIES:
        raise Conflict(
            "there may be {most} canaries; remove one before you add another",
            field="number",
            most=policy.CANARIES,
        )
    sealed = tags.seal_tag(sealing_public, tag)
    canary = Canary(id=new_id(), handle=handle, sealed_tag=sealed, added_at=now, added_by=actor.id)
    session.add(canary)
    _tell(session, "canary.added", canary, actor, now)
    return canary


def remove(session: Session, *, actor: Actor, canary_id: str, now: datetime) -> None:
    """Forget a canary, and what a rotation holds of it. Every regulator is told."""
    require(actor, Action.CANARY_KEEP)
    canary = session.get(Canary, canary_id)
    if canary is None:
        raise NotFound("there is no such canary; zilu keyholder canary list names them", field="canary")
    session.delete(canary)
    forget_moved(session, [f"canary:{canary.id}"])
    forget_renamed(session, [canary.handle])
    _tell(session, "canary.removed", canary, actor, now)


def listed(session: Session) -> Sequence[Canary]:
    """All canaries, the oldest first."""
    return session.scalars(sa.select(Canary).order_by(Canary.added_at, Canary.id)).all()


def unheard(session: Session, limit: int = 100) -> list[Batch]:
    """Batches that asked about a canary since it is one, and for which no alarm was raised."""
    raised = sa.exists().where(Finding.cause == sa.literal(cause_of_canary("")) + Check.batch_id)
    asked = sa.select(Check.batch_id).join(Canary, Canary.handle == Check.handle)
    found = asked.where(Check.at >= Canary.added_at, ~raised).distinct().limit(limit)
    return list(session.scalars(sa.select(Batch).where(Batch.id.in_(found)).order_by(Batch.at, Batch.id)))


def raise_alarms(session: Session, now: datetime, limit: int = 100) -> list[Finding]:
    """Raise a finding for each of those batches; tells the operator and every regulator."""
    return [_alarm(session, batch, now) for batch in unheard(session, limit)]


def count(session: Session) -> int:
    """How many alarms were raised ever."""
    raised = sa.select(sa.func.count()).select_from(Finding).where(Finding.kind == Kind.CANARY)
    return session.scalar(raised) or 0


def open_alarms(session: Session) -> list[Finding]:
    """Alarms that no regulator has closed, the oldest first."""
    waiting = sa.select(Finding).where(Finding.kind == Kind.CANARY, Finding.state != State.CLOSED)
    return list(session.scalars(waiting.order_by(Finding.raised_at, Finding.id)))


def _alarm(session: Session, batch: Batch, now: datetime) -> Finding:
    row = Finding(id=new_id(), kind=Kind.CANARY, cause=cause_of_canary(batch.id), due_at=now + policy.FINDING_ANSWER)
    words = (
        f"Account {batch.account_id} of {batch.member_id} asked about a canary at {rfc3339(batch.at)}, in batch "
        f"{batch.id} of {batch.count}. Nobody has that number: find out who is guessing, and suspend them if need be."
    )
    row.sealed_demand = seal(session, row, "sealed_demand", words)
    return raise_(session, row, CLOCK, now, tell=keepers(session))


def _tell(session: Session, verb: str, canary: Canary, actor: Actor, now: datetime) -> None:
    for member_id in regulators(session):
        payload = {"type": verb, "id": canary.id}
        send(session, channel="webhook", member_id=member_id, kind=verb, payload=payload, now=now)
    record(session, verb, actor=actor.id, now=now, facts={"canary": canary.id})
