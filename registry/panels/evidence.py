"""The evidence before a panel: its three open the exhibits, and inspect a sealed annex under supervision.

While they sit and have not decided; to everybody else an appeal that they do not sit on is not there.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.access import Action, Actor
from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.appeals import queries
from registry.appeals.models import Appeal, Seat
from registry.appeals.rules import State
from registry.cases.actions import require_on
from registry.cases.models import Case
from registry.db import Session
from registry.errors import Invalid, NotFound
from registry.members.models import Kind, Member
from registry.reports import exhibits, inspections
from registry.reports.models import Inspection

_SITTING = (State.ADMITTED, State.ANSWERED, State.HEARD)


def open_exhibit(session: Session, *, actor: Actor, appeal_id: str, sha256: str, now: datetime) -> exhibits.Opened:
    """A piece of evidence for a panelist of the appeal; each opening is logged."""
    appeal = session.get(Appeal, appeal_id)
    if appeal is None or not _sits(session, actor.id, appeal):
        raise NotFound("there is no such appeal among those that you decide now", field="id")
    require_on(session, actor, Action.EXHIBIT_OPEN, appeal)
    return exhibits.open_for_panel(session, case_id=appeal.case_id, sha256=sha256, actor=actor, now=now)


def hold_inspection(
    session: Session, *, actor: Actor, number: str, exhibit: int, inspector: str, place: str, now: datetime
) -> Inspection:
    """A clerk shows a sealed annex to the subject (`subject`), a panelist of the case, or a regulator."""
    case = case_of(session, number)
    if inspector not in inspectors(session, case):
        raise Invalid("inspector must be subject, a panelist who sits on the case, or a regulator", field="inspector")
    return inspections.hold(session, actor=actor, case=case, exhibit=exhibit, inspector=inspector, place=place, now=now)


def inspectors(session: Session, case: Case) -> list[str]:
    """Who may look at a sealed annex of the case: `subject`, the panelists who sit on it, the regulators."""
    seated = (
        sa.select(Seat.account_id)
        .join(Appeal, Appeal.id == Seat.appeal_id)
        .where(Seat.case_id == case.id, Seat.left_at.is_(None), Appeal.state.in_(_SITTING))
    )
    regulators = sa.select(Account).join(Member, Member.id == Account.member_id).where(Member.kind == Kind.REGULATOR)
    living = session.scalars(regulators.where(Account.closed_at.is_(None)))
    accounts = {*session.scalars(seated), *(row.id for row in living if Role.REGULATOR in row.roles)}
    return [inspections.SUBJECT, *sorted(accounts)]


def inspections_of(session: Session, *, actor: Actor, number: str) -> list[tuple[Inspection, str]]:
    """The inspections of a case with their places."""
    return inspections.of_case(session, actor=actor, case=case_of(session, number))


def case_of(session: Session, number: str) -> Case:
    case = session.scalar(sa.select(Case).where(Case.number == number))
    if case is None:
        raise NotFound("there is no such case", field="number")
    return case


def _sits(session: Session, account_id: str, appeal: Appeal) -> bool:
    return appeal.state in _SITTING and queries.seat_of(session, appeal.id, account_id) is not None
