"""Admit a member, suspend it, add a unit."""

from __future__ import annotations

import re
from datetime import datetime

import sqlalchemy as sa

from registry.db import Session
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import record
from registry.members.models import Kind, Member, Standing, Unit

NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")


def short_name(text: str, *, field: str) -> str:
    """A lower-case short name such as `acme` or `birch-hr`, else Invalid."""
    if not NAME.fullmatch(text):
        raise Invalid(
            "{what} must be 2 to 40 lower-case letters, digits and hyphens, a letter first", field=field, what=field
        )
    return text


def admit(
    session: Session,
    *,
    id: str,
    name: str,
    kind: Kind,
    headcount: int,
    actor: str,
    now: datetime,
    group: str | None = None,
) -> Member:
    """A new member with its first unit, named as the member is."""
    short_name(id, field="id")
    if session.get(Member, id):
        raise Conflict("a member of this id exists already", field="id")
    if headcount < 0:
        raise Invalid("headcount must be 0 or more", field="headcount")
    member = Member(
        id=id,
        name=name,
        kind=kind,
        group=short_name(group or id, field="group"),
        standing=Standing.ADMITTED,
        headcount=headcount,
        admitted_at=now,
    )
    session.add(member)
    session.flush()
    session.add(Unit(member_id=id, name=name))
    record(session, "member.admit", actor=actor, now=now, facts={"member": id, "kind": kind.value})
    return member


def add_unit(session: Session, *, member_id: str, name: str, actor: str, now: datetime) -> Unit:
    get(session, member_id)
    if session.scalar(sa.select(Unit.id).where(Unit.member_id == member_id, Unit.name == name)) is not None:
        raise Conflict("a unit of this name exists already", field="name")
    unit = Unit(member_id=member_id, name=name)
    session.add(unit)
    record(session, "unit.add", actor=actor, now=now, facts={"member": member_id})
    return unit


def set_standing(session: Session, *, member_id: str, standing: Standing, actor: str, now: datetime) -> Member:
    """Suspend, readmit or dismiss; a member that is gone stays gone."""
    member = get(session, member_id)
    if member.standing is Standing.GONE:
        raise Conflict("this member has left; admit it anew under another id", field="member")
    member.standing = standing
    record(session, "member.standing", actor=actor, now=now, facts={"member": member_id, "standing": standing.value})
    return member


def get(session: Session, member_id: str) -> Member:
    member = session.get(Member, member_id)
    if member is None:
        raise NotFound("there is no such member", field="member")
    return member


def names(session: Session) -> dict[str, str]:
    """Every member's name by its id."""
    return {member.id: member.name for member in session.scalars(sa.select(Member))}


def first_unit(session: Session, member_id: str) -> Unit:
    return session.scalars(sa.select(Unit).where(Unit.member_id == member_id).order_by(Unit.name)).first() or _none()


def _none() -> Unit:
    raise NotFound("this member has no unit", field="unit")
