"""A member's own register of incidents: what it notes before there is anything to report, for its own people alone.

A note names the member's own reference of an incident, under which its reports are found again. It is sealed under the
vault key, seen by no other member, no regulator and no subject, counts for nothing, and is swept when its time is over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from registry import policy, vault
from registry.access import Action, Actor, require
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.log.actions import record
from registry.reports import queries, rules
from registry.reports.models import Incident
from registry.reports.prose import verify_prose
from registry.reports.queries import Sibling


@dataclass(frozen=True, slots=True)
class Noted:
    """A note, opened, and the member's reports that name the same incident."""

    row: Incident
    reference: str = field(repr=False)
    text: str = field(repr=False)
    reports: tuple[Sibling, ...]

    @property
    def until(self) -> datetime:
        """When it is swept."""
        return self.row.noted_at + policy.INCIDENT_LIFE


def note(session: Session, *, actor: Actor, reference: str, text: str, now: datetime) -> Noted:
    """Keep a note. Raises Invalid for a number of a document in it, Conflict once the member keeps too many."""
    require(actor, Action.INCIDENT_KEEP, member_id=actor.member_id)
    verify_prose(reference, field="reference", most=rules.INCIDENT_LENGTH)
    verify_prose(text, field="text", most=policy.REASONS_LENGTH)
    kept = session.scalar(sa.select(sa.func.count()).where(Incident.member_id == actor.member_id)) or 0
    if kept >= rules.INCIDENTS_KEPT:
        raise Conflict("your member keeps {kept} notes already; delete some", code="incidents-kept", kept=kept)
    row = Incident(id=new_id(), member_id=actor.member_id, noted_by=actor.id, noted_at=now)
    said = json.dumps({"reference": reference, "text": text}, ensure_ascii=False)
    row.sealed_note = vault.seal(session.keyring.vault_key, said.encode(), **_place(row))
    session.add(row)
    record(session, "incident.note", actor=actor.id, now=now, facts={"incident": row.id})
    return _opened(session, row)


def of_member(session: Session, *, actor: Actor, now: datetime) -> list[Noted]:
    """The actor's member's notes, the oldest first. Reading them is an act."""
    require(actor, Action.INCIDENT_KEEP, member_id=actor.member_id)
    kept = sa.select(Incident).where(
        Incident.member_id == actor.member_id, Incident.noted_at > now - policy.INCIDENT_LIFE
    )
    noted = [_opened(session, row) for row in session.scalars(kept.order_by(Incident.noted_at, Incident.id))]
    record(session, "incident.read", actor=actor.id, now=now, facts={"incidents": len(noted)})
    return noted


def delete(session: Session, *, actor: Actor, incident_id: str, now: datetime) -> None:
    """NotFound for what is not the member's, or has been swept."""
    require(actor, Action.INCIDENT_KEEP, member_id=actor.member_id)
    row = session.get(Incident, incident_id)
    if row is None or row.member_id != actor.member_id:
        raise NotFound("your member has no such note")
    session.delete(row)
    record(session, "incident.delete", actor=actor.id, now=now, facts={"incident": incident_id})


def sweep(session: Session, *, now: datetime, limit: int = 100) -> bool:
    """Delete what has been kept for its time; whether there was anything."""
    over = sa.select(Incident).where(Incident.noted_at <= now - policy.INCIDENT_LIFE)
    rows = list(session.scalars(over.order_by(Incident.noted_at).limit(limit)))
    for row in rows:
        session.delete(row)
    if rows:
        record(session, "incident.sweep", actor="system:incidents", now=now, facts={"incidents": len(rows)})
    return bool(rows)


def _opened(session: Session, row: Incident) -> Noted:
    said = json.loads(vault.open_sealed(session.keyring.vault_key, row.sealed_note, **_place(row)))
    found = queries.of_incident(session, member_id=row.member_id, reference=said["reference"])
    return Noted(row, said["reference"], said["text"], tuple(found))


def _place(row: Incident) -> dict[str, str]:
    return {"table": row.__tablename__, "row": row.id, "column": "sealed_note"}
