"""Find reports, for those who may see them; open what they say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.access import Action, Actor, allowed, require
from registry.cases.actions import key_of, require_on, unseal
from registry.cases.models import Case
from registry.db import Session
from registry.errors import NotFound
from registry.log.actions import CaseKey
from registry.members.models import Member
from registry.reports import evidence
from registry.reports.models import Report, Screening
from registry.reports.rules import State


@dataclass(frozen=True, slots=True)
class Contact:
    """Where the subject's letter goes; given beside the statement, sealed like it."""

    name: str = field(repr=False)
    address: str = field(repr=False)
    phone: str | None = field(repr=False)
    language: str
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another report of one incident: its id, case number and state, and nothing of what it says."""

    id: str
    case: str
    state: State


def incident_alias(session: Session, member_id: str, reference: str) -> str:
    """What the database holds in place of a member's reference of an incident."""
    return session.keyring.alias("incident", f"{member_id}/{reference}")


def siblings(session: Session, report: Report) -> list[Sibling]:
    """The other reports of the same incident. For those on the case, and never for the accused."""
    return _siblings(session, report.incident, Report.id != report.id) if report.incident is not None else []


def of_incident(session: Session, *, member_id: str, reference: str) -> list[Sibling]:
    """The member's reports that name this incident."""
    return _siblings(session, incident_alias(session, member_id, reference))


def _siblings(session: Session, alias: str, *where: sa.ColumnElement[bool]) -> list[Sibling]:
    found = sa.select(Report.id, Case.number, Report.state).join(Case, Case.id == Report.case_id)
    rows = session.execute(found.where(Report.incident == alias, *where).order_by(Report.filed_at, Report.id))
    return [Sibling(*row) for row in rows]


def get(session: Session, report_id: str) -> Report:
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound("there is no such report")
    return report


def of_case(session: Session, case_id: str) -> Report:
    """The one report that opened the case."""
    report = session.scalar(sa.select(Report).where(Report.case_id == case_id))
    if report is None:
        raise NotFound("this case has no report")
    return report


def guarded(session: Session, *, actor: Actor, report_id: str, action: Action) -> Report:
    """The report, if the actor may do `action` to those of its member; else NotFound or Forbidden."""
    report = get(session, report_id)
    require_on(session, actor, action, report)
    return report


def readable(session: Session, *, actor: Actor, report_id: str) -> Report:
    return guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_READ)


def docket(session: Session, *, actor: Actor) -> list[Report]:
    """Countersigned reports that this screener may screen, the oldest first."""
    require(actor, Action.DOCKET_READ)
    rows = session.execute(
        sa.select(Report, Member.group)
        .join(Member, Member.id == Report.member_id)
        .where(Report.state == State.COUNTERSIGNED)
        .order_by(Report.filed_at, Report.id)
    )
    return [
        report
        for report, group in rows
        if allowed(actor, Action.REPORT_SCREEN, member_id=report.member_id, group=group)
    ]


def of_member(session: Session, *, actor: Actor, limit: int = 200) -> list[Report]:
    """The reports of the actor's own member, the newest first; none for whoever may not read those."""
    require(actor, Action.REPORT_READ)
    if not allowed(actor, Action.REPORT_READ, member_id=actor.member_id):
        return []
    newest = sa.select(Report).where(Report.member_id == actor.member_id).order_by(Report.filed_at.desc(), Report.id)
    return list(session.scalars(newest.limit(limit)))


def due(session: Session, *, now: datetime, limit: int, without: Iterable[str] = ()) -> list[Report]:
    """Noticed reports whose window has closed, the longest waiting first; none of the members `without`."""
    closed = _closed(sa.select(Report), now).where(Report.member_id.not_in(list(without)))
    return list(session.scalars(closed.order_by(Report.window_closes_at, Report.id).limit(limit)).all())


def members_due(session: Session, *, now: datetime) -> list[str]:
    """Who filed reports whose window has closed."""
    return list(session.scalars(_closed(sa.select(Report.member_id), now).distinct()).all())


def _closed(reports: sa.Select[Any], now: datetime) -> sa.Select[Any]:
    return reports.join(Case, Case.id == Report.case_id).where(
        Report.state == State.NOTICED, Report.window_closes_at <= now, Case.wrapped_key.is_not(None)
    )


def payload_of(report: Report, key: CaseKey) -> dict[str, Any]:
    """The signed payload, tag included. It was verified when it was filed."""
    payload: dict[str, Any] = json.loads(unseal(key, report, "sealed_words"))
    return payload


def words_of(report: Report, key: CaseKey) -> dict[str, Any]:
    """The payload for human eyes: all but the tag, which leaves the case for nobody."""
    return {name: value for name, value in payload_of(report, key).items() if name != "sub"}


def words_for_subject(report: Report, key: CaseKey) -> dict[str, Any]:
    """The same for the accused: who witnessed is told by role, and not by name or address."""
    return evidence.for_subject(words_of(report, key))


def contact_of(report: Report, key: CaseKey) -> Contact:
    return Contact(**json.loads(unseal(key, report, "sealed_contact")))


def screening_of(session: Session, report: Report) -> Screening | None:
    return session.scalar(sa.select(Screening).where(Screening.report_id == report.id))


def case_of(session: Session, report: Report) -> tuple[Case, CaseKey]:
    """The report's case and its key; NotFound once the case has been erased."""
    case = session.get_one(Case, report.case_id)
    return case, key_of(session, case)


def number_of(session: Session, case_id: str) -> str:
    return session.get_one(Case, case_id).number
