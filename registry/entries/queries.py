"""Which entries are visible now; which one a member may read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor, require
from registry.accounts.rules import Role
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.entries import rules
from registry.entries.models import Entry
from registry.entries.rules import VISIBLE, is_visible, status
from registry.errors import NotFound
from registry.log.queries import prove
from registry.reports.models import Report

_AT_ONCE = 500  # handles in one statement


def shown(entry: Entry, now: datetime) -> bool:
    """Whether a checker is told of it at `now`."""
    hidden = entry.hidden_until
    return is_visible(entry.state, listed_at=entry.listed_at, until=entry.until, hidden_until=hidden, now=now)


def status_of(entry: Entry, now: datetime) -> str:
    """Its state as people read it."""
    return status(entry.state, until=entry.until, hidden_until=entry.hidden_until, now=now)


def visible(session: Session, handles: Iterable[bytes], now: datetime) -> dict[bytes, Entry]:
    """The visible entry of each handle that has one; of several the gravest, then the one listed last."""
    wanted = list(dict.fromkeys(handles))
    found: dict[bytes, Entry] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        for entry in session.scalars(_visible(wanted[start : start + _AT_ONCE], now)):
            if entry.handle is not None:
                found[entry.handle] = entry
    return found


def _visible(handles: list[bytes], now: datetime) -> sa.Select[Entry]:
    return (
        sa.select(Entry)
        .where(Entry.handle.in_(handles), Entry.state.in_(VISIBLE), Entry.listed_at <= now)
        .where(sa.or_(Entry.until.is_(None), Entry.until > now))
        .where(sa.or_(Entry.hidden_until.is_(None), Entry.hidden_until <= now))
        .order_by(Entry.level, Entry.listed_at, Entry.id)
    )


def to_contact(session: Session, *, limit: int) -> list[Entry]:
    """Unheard entries that were hit, and whose people have not been written to because of it."""
    hit = (
        sa.select(Entry)
        .join(Case, Case.id == Entry.case_id)
        .where(Entry.first_hit_at.is_not(None), Entry.contacted_at.is_(None), Case.wrapped_key.is_not(None))
        .order_by(Entry.first_hit_at, Entry.id)
        .limit(limit)
    )
    return list(session.scalars(hit))


def relied_on_from(session: Session, entry: Entry) -> datetime | None:
    """From when the entry may weigh in a decision; None while that has no date yet."""
    heard_at = session.get_one(Report, entry.report_id).heard_at
    return rules.relied_on_from(
        listed_at=entry.listed_at, unheard=entry.unheard, first_hit_at=entry.first_hit_at, heard_at=heard_at
    )


def of_case(session: Session, case_id: str) -> Entry | None:
    """The entry of a case, in whatever state; None while it has not been listed."""
    return session.scalar(sa.select(Entry).where(Entry.case_id == case_id))


def readable(session: Session, *, actor: Actor, entry_id: str, was_shown: bool) -> Entry:
    """The entry for a regulator, for the member that filed it, or for one that was shown it.

    Whether it was shown to the actor's member is known by the checks, which stand to the right. NotFound for everyone
    else, so that a guessed reference says nothing.
    """
    require(actor, Action.ENTRY_READ)
    entry = session.get(Entry, entry_id)
    if entry is None or not (was_shown or actor.member_id == entry.member_id or Role.REGULATOR in actor.roles):
        raise NotFound("there is no such entry, or none that your member filed or was shown")
    return entry


def listing(session: Session, entry: Entry) -> dict[str, str]:
    """The leaf of the act that listed it, with its tlog-proof and opening; base64url all but the proof.

    NotFound until it is public, and once the case is erased and nothing opens it.
    """
    key = key_of(session, session.get_one(Case, entry.case_id))
    for each in acts.of_case(session, key):
        if each.verb == "entry.list" and each.facts["entry"] == entry.id and (proven := prove(session, each.act)):
            leaf, proof = proven
            opened = {"entry": leaf, "record": each.record, "salt": acts.salt_of(key, each.act)}
            return {"proof": proof, **{name: base64url.encode(value) for name, value in opened.items()}}
    raise NotFound("the listing is not under a published checkpoint yet; come back in a minute", code="not-public")


def hidden(entry: Entry, *, actor: Actor, now: datetime) -> bool:
    """Whether the offence is kept from the actor: it is not shown any more, and is neither theirs nor their duty."""
    return not (shown(entry, now) or actor.member_id == entry.member_id or Role.REGULATOR in actor.roles)


def page(session: Session, *, actor: Actor, after: str | None = None, limit: int = 100) -> list[Entry]:
    """All entries by reference, for the regulator; `after` is the last reference of the page before."""
    require(actor, Action.ENTRY_LIST)
    entries = sa.select(Entry).where(Entry.id > (after or "")).order_by(Entry.id).limit(limit)
    return list(session.scalars(entries).all())
