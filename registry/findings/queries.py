"""Findings for those they concern: the member, and every regulator."""

from __future__ import annotations

import sqlalchemy as sa

from registry.access import Action, Actor, allowed, require
from registry.accounts.rules import Role
from registry.db import Session
from registry.errors import NotFound
from registry.findings.models import Finding
from registry.findings.rules import State


def readable(session: Session, *, actor: Actor, finding_id: str, action: Action = Action.FINDING_READ) -> Finding:
    """The finding, if the actor may do `action` to it; NotFound otherwise, whether or not there is one."""
    row = session.get(Finding, finding_id)
    if (
        row is None
        or not (_is_regulator(actor) or row.member_id)
        or not allowed(actor, action, member_id=row.member_id)
    ):
        raise NotFound("there is no such finding about your member", field="id")
    return row


def page(session: Session, *, actor: Actor, after: str | None = None, limit: int = 100) -> list[Finding]:
    """Those that are not closed, by id; `after` is the last id of the page before."""
    require(actor, Action.FINDING_READ)
    wanted = sa.select(Finding).where(Finding.state != State.CLOSED, Finding.id > (after or ""))
    if not _is_regulator(actor):
        wanted = wanted.where(Finding.member_id == actor.member_id)
    return list(session.scalars(wanted.order_by(Finding.id).limit(limit)))


def _is_regulator(actor: Actor) -> bool:
    return Role.REGULATOR in actor.roles
