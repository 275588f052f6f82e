"""Who is to be told, and what a member has been told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from registry.access import Action, Actor, allowed, require
from registry.checks.models import Check
from registry.checks.queries import was_shown
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.rules import VISIBLE
from registry.errors import NotFound
from registry.policy import UNHEARD_WINDOW
from registry.recalls.models import Recall
from registry.recalls.rules import Reason, due_at


@dataclass(frozen=True, slots=True)
class Told:
    """A recall as its member reads it, with the member's own checks that it is about."""

    recall: Recall
    checks: tuple[str, ...]
    due_at: datetime


def concerned(session: Session, entry: Entry, reason: Reason, now: datetime) -> list[Check]:
    """The checks whose members must hear of a change to the entry, oldest first.

    Always those that were shown the entry, by their answer or by an earlier recall; when it is listed, open checks of
    the person too: of a hire, or of present staff under a watch.
    """
    shown = sa.or_(Check.entry_id == entry.id, Check.later_entry_id == entry.id)
    if reason is Reason.LISTED:
        shown = sa.or_(shown, sa.and_(Check.handle == entry.handle, Check.closes_at > now))
    return list(session.scalars(sa.select(Check).where(shown).order_by(Check.at, Check.id)))


def told_before(session: Session, entry: Entry) -> set[str]:
    """The members that were ever sent a recall of the entry: a check remembers only the last entry it was told of."""
    return set(session.scalars(sa.select(Recall.member_id).where(Recall.entry_id == entry.id)))


def days_over(session: Session, now: datetime, limit: int) -> list[Entry]:
    """Visible unheard entries whose first hit is long enough ago, and whose viewers were not told so yet."""
    told = sa.exists().where(Recall.entry_id == Entry.id, Recall.reason == Reason.HEARD)
    over = (
        sa.select(Entry)
        .where(Entry.unheard, Entry.first_hit_at <= now - UNHEARD_WINDOW, Entry.state.in_(VISIBLE), ~told)
        .where(sa.or_(Entry.until.is_(None), Entry.until > now))
        .order_by(Entry.first_hit_at, Entry.id)
        .limit(limit)
    )
    return list(session.scalars(over))


def knows(session: Session, *, member_id: str, entry_id: str) -> bool:
    """Whether the member was told of the entry, by an answer or by any recall."""
    own = sa.select(Recall.id).where(Recall.entry_id == entry_id, Recall.member_id == member_id).limit(1)
    return was_shown(session, member_id=member_id, entry_id=entry_id) or session.scalars(own).first() is not None


def require_recall(session: Session, actor: Actor, recall_id: str) -> Recall:
    """The recall, if it was issued to the actor's member; NotFound otherwise, whether or not there is one."""
    recall = session.get(Recall, recall_id)
    if recall is None or not allowed(actor, Action.RECALL_READ, member_id=recall.member_id):
        raise NotFound("there is no such recall among those of your member", field="id")
    return recall


def read(session: Session, actor: Actor, recall_id: str) -> Told:
    return _told(session, require_recall(session, actor, recall_id))


def of_member(session: Session, actor: Actor, *, only_open: bool = False, limit: int = 100) -> list[Told]:
    """The member's recalls, newest first."""
    require(actor, Action.RECALL_READ, member_id=actor.member_id)
    wanted = sa.select(Recall).where(Recall.member_id == actor.member_id)
    if only_open:
        wanted = wanted.where(Recall.acknowledged_at.is_(None))
    recalls = session.scalars(wanted.order_by(Recall.issued_at.desc(), Recall.id).limit(limit))
    return [_told(session, recall) for recall in recalls]


def _told(session: Session, recall: Recall) -> Told:
    shown = sa.or_(Check.entry_id == recall.entry_id, Check.later_entry_id == recall.entry_id, _listed_to(recall))
    own = sa.and_(shown, Check.member_id == recall.member_id, Check.at <= recall.issued_at)
    checks = session.scalars(sa.select(Check.id).where(own).order_by(Check.at, Check.id))
    return Told(recall, tuple(checks), due_at(recall.issued_at))


def _listed_to(recall: Recall) -> sa.ColumnElement[bool]:
    """Checks of the person that were open when the entry was listed, though another listing came after it."""
    listing = orm.aliased(Recall)
    return (
        sa.exists()
        .where(listing.entry_id == recall.entry_id, listing.member_id == recall.member_id)
        .where(listing.reason == Reason.LISTED, listing.issued_at <= recall.issued_at)
        .where(Entry.id == recall.entry_id, Entry.handle == Check.handle)
        .where(Check.at <= listing.issued_at, Check.closes_at > listing.issued_at)
    )
