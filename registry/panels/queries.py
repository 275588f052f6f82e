"""Who reads what of an appeal. One table, as for access: what a role is not given it does not see.

A vote is shown to nobody before all are opened, not to who cast it either. A panelist sees only the appeals on whose
panel they sit; to everybody else an appeal that they may not read is not there.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from registry.access import Action, Actor, allowed, require
from registry.accounts.rules import Role
from registry.appeals import draw, rules
from registry.appeals import queries as appeals
from registry.appeals.actions import ANSWER
from registry.appeals.interventions import texts_of
from registry.appeals.models import Answer, Appeal, Seat
from registry.appeals.rules import Duty
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case, Statement
from registry.db import Session
from registry.errors import NotFound
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.panels.actions import opened_ballot
from registry.panels.models import Decision, Hearing, Vote
from registry.panels.rules import Ballot
from registry.reports import queries as reports
from registry.reports.queries import Sibling
from registry.signing import jws


class Part(enum.Enum):
    TEXT = enum.auto()  # what the subject says against it
    ADMISSION = enum.auto()  # why the clerk admitted or refused it
    ANSWER = enum.auto()
    STATEMENT = enum.auto()
    SIBLINGS = enum.auto()  # other cases of the same incident, by number
    REPORT = enum.auto()  # the accusation's words, without the tag
    HEARING = enum.auto()
    SEATS = enum.auto()
    INTERVENTIONS = enum.auto()  # what regulators put to the panel
    DECISION = enum.auto()  # with the opened votes and their reasons, without names


_PARTY: Final = frozenset({Part.TEXT, Part.ADMISSION, Part.ANSWER, Part.INTERVENTIONS, Part.DECISION, Part.SIBLINGS})
SEES: Mapping[Role, frozenset[Part]] = MappingProxyType(
    {
        Role.CLERK: frozenset({Part.TEXT, Part.ADMISSION, Part.SEATS}),  # calls the panel together
        Role.REPORTER: _PARTY,
        Role.APPROVER: _PARTY,
        Role.SUBJECT: frozenset(Part) - {Part.SIBLINGS},  # who else is accused is not theirs to know
        Role.PANELIST: frozenset(Part),
        Role.REGULATOR: frozenset(Part),
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """An appeal as a docket shows it: nothing that was sealed."""

    appeal: Appeal
    case: str
    due: Mapping[Duty, datetime]
    overdue: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class OpenedVote:
    ballot: Ballot
    reasons: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DrawView:
    """What a regulator signs when the subject is silent; `admission` is None until its leaf is public."""

    case: str
    admission: bytes | None
    nonce: bool


@dataclass(frozen=True, slots=True)
class View:
    """An appeal, opened as far as the reader may see it; None and () stand for what is not there or not theirs."""

    item: Item
    text: str | None = field(default=None, repr=False)
    admission: str | None = field(default=None, repr=False)
    answer: str | None = field(default=None, repr=False)
    statement: str | None = field(default=None, repr=False)
    report: Mapping[str, Any] | None = field(default=None, repr=False)
    siblings: tuple[Sibling, ...] = ()
    hearing: str | None = field(default=None, repr=False)
    interventions: tuple[str, ...] = field(default=(), repr=False)
    seats: tuple[str, ...] = ()  # accounts, by rank
    draw: DrawView | None = None
    decision: Decision | None = None
    votes: tuple[OpenedVote, ...] = ()


def docket(session: Session, *, actor: Actor, now: datetime, limit: int = 100) -> list[Item]:
    """The appeals that are the actor's business, the oldest open one first.

    A clerk's are all that are open, a panelist's those they sit on, a member's its own, a regulator's all.
    """
    require(actor, Action.APPEAL_READ)
    rows = session.execute(
        sa.select(Appeal, Case.number, Member.group)
        .join(Case, Case.id == Appeal.case_id)
        .join(Member, Member.id == Appeal.member_id)
        .where(_concerns(actor))
        .order_by(Appeal.state.in_(rules.OVER), Appeal.lodged_at, Appeal.id)
        .limit(limit)
    )
    return [
        _item(session, appeal, number, now)
        for appeal, number, group in rows
        if allowed(actor, Action.APPEAL_READ, member_id=appeal.member_id, group=group)
    ]


def read(session: Session, *, actor: Actor, appeal_id: str, now: datetime) -> View:
    """One appeal; NotFound for one that the actor may not read. Reading it is an act that stands in the log."""
    appeal = session.get(Appeal, appeal_id)
    roles = _roles_on(session, actor, appeal) if appeal is not None else frozenset()
    if appeal is None or not roles:
        raise NotFound("there is no such appeal among those that you may read", field="id")
    case = session.get_one(Case, appeal.case_id)
    record(session, "appeal.read", actor=actor.id, now=now, facts={"appeal": appeal.id}, case=key_of(session, case))
    return _view(session, appeal, case, frozenset().union(*(SEES[role] for role in roles)), now)


def of_subject(session: Session, *, case: Case, now: datetime) -> list[View]:
    """Every appeal of the case as its subject reads it, in the order of lodging."""
    return [_view(session, appeal, case, SEES[Role.SUBJECT], now) for appeal in appeals.of_case(session, case.id)]


def _concerns(actor: Actor) -> sa.ColumnElement[bool]:
    """By columns alone; access has the last word."""
    seats = sa.select(Seat.appeal_id).where(Seat.account_id == actor.id, Seat.left_at.is_(None))
    concerned: Mapping[Role, sa.ColumnElement[bool]] = {
        Role.CLERK: Appeal.state.not_in(rules.OVER),
        Role.PANELIST: Appeal.id.in_(seats),
        Role.REPORTER: Appeal.member_id == actor.member_id,
        Role.APPROVER: Appeal.member_id == actor.member_id,
        Role.REGULATOR: sa.true(),
    }
    return sa.or_(sa.false(), *(concerned[role] for role in concerned if role in actor.roles))


def _roles_on(session: Session, actor: Actor, appeal: Appeal) -> frozenset[Role]:
    """Which of the actor's roles may read this appeal."""
    group = session.get_one(Member, appeal.member_id).group
    seated = appeals.seat_of(session, appeal.id, actor.id) is not None

    def holds(role: Role) -> bool:
        alone = replace(actor, roles=frozenset({role}))
        may = allowed(alone, Action.APPEAL_READ, member_id=appeal.member_id, group=group)
        return may and (seated or role is not Role.PANELIST)

    return frozenset(role for role in actor.roles if holds(role))


def _item(session: Session, appeal: Appeal, number: str, now: datetime) -> Item:
    facts = appeals.facts_of(session, appeal)
    return Item(appeal, number, rules.deadlines(facts), tuple(rules.overdue(facts, now)))


def _view(session: Session, appeal: Appeal, case: Case, parts: frozenset[Part], now: datetime) -> View:
    key = key_of(session, case)
    view = View(_item(session, appeal, case.number, now))
    openers: Mapping[Part, Callable[[], dict[str, Any]]] = {
        Part.TEXT: lambda: {"text": unseal(key, appeal, "sealed_text")},
        Part.ADMISSION: lambda: {"admission": appeal.sealed_admission and unseal(key, appeal, "sealed_admission")},
        Part.ANSWER: lambda: {"answer": _answer(session, appeal, key)},
        Part.STATEMENT: lambda: {"statement": _statement(session, appeal, key)},
        Part.REPORT: lambda: {"report": reports.words_of(reports.of_case(session, case.id), key)},
        Part.SIBLINGS: lambda: {"siblings": tuple(reports.siblings(session, reports.of_case(session, case.id)))},
        Part.HEARING: lambda: {"hearing": _hearing(session, appeal, key)},
        Part.INTERVENTIONS: lambda: {"interventions": texts_of(session, appeal, key)},
        Part.SEATS: lambda: {"seats": _seats(session, appeal), "draw": _draw(session, appeal)},
        Part.DECISION: lambda: {"decision": decision_of(session, appeal.id), "votes": _votes(session, appeal, key)},
    }
    for part in parts:
        view = replace(view, **openers[part]())
    return view


def decision_of(session: Session, appeal_id: str) -> Decision | None:
    return session.scalar(sa.select(Decision).where(Decision.appeal_id == appeal_id))


def _seats(session: Session, appeal: Appeal) -> tuple[str, ...]:
    return tuple(seat.account_id for seat in appeals.seats_of(session, appeal.id))


def _draw(session: Session, appeal: Appeal) -> DrawView | None:
    row = appeals.draw_of(session, appeal.id)
    if row is None:
        return None
    public = draw.is_admission_public(session, row)
    return DrawView(row.name, draw.admission_leaf(session, row) if public else None, row.nonce is not None)


def _answer(session: Session, appeal: Appeal, key: CaseKey) -> str | None:
    row = session.scalar(sa.select(Answer).where(Answer.appeal_id == appeal.id))
    if row is None:
        return None
    said: str = jws.parse(unseal(key, row, "sealed_statement"), typ=ANSWER).payload["text"]
    return said


def _statement(session: Session, appeal: Appeal, key: CaseKey) -> str | None:
    row = session.scalar(sa.select(Statement).where(Statement.case_id == appeal.case_id))
    return unseal(key, row, "sealed_text") if row is not None else None


def _hearing(session: Session, appeal: Appeal, key: CaseKey) -> str | None:
    row = session.scalar(sa.select(Hearing).where(Hearing.appeal_id == appeal.id))
    return unseal(key, row, "sealed_notes") if row is not None else None


def _votes(session: Session, appeal: Appeal, key: CaseKey) -> tuple[OpenedVote, ...]:
    """Opened votes in the order of their random ids, so that the order does not tell whose they are."""
    opened = sa.select(Vote).where(Vote.appeal_id == appeal.id, Vote.opened_at.is_not(None)).order_by(Vote.id)
    votes = session.scalars(opened)
    return tuple(OpenedVote(opened_ballot(vote, key), unseal(key, vote, "sealed_reasons")) for vote in votes)
