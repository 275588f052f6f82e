"""What has changed in entries, in order: for the member that filed them, those that were told of them, regulators.

A cursor is opaque to whoever holds it, and says nothing but how far they have read. What was committed in the last
seconds is not shown yet, so that nothing that takes a little longer is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor, require
from registry.accounts.rules import Role
from registry.cases.models import Step
from registry.checks.models import Check
from registry.db import Session
from registry.entries.models import Entry
from registry.errors import Invalid
from registry.recalls.models import Recall

LAG: Final = timedelta(seconds=5)
START: Final = (datetime(1970, 1, 1, tzinfo=UTC), "")


@dataclass(frozen=True, slots=True)
class Changes:
    """`rows` are (entry, step), oldest first; `cursor` goes on after them."""

    rows: Sequence[tuple[Entry, Step]]
    cursor: str


def changes(session: Session, *, actor: Actor, cursor: str | None, now: datetime, limit: int = 100) -> Changes:
    """The next changes after `cursor` (None: from the beginning). Invalid for a cursor that we did not give."""
    require(actor, Action.CHANGES_READ)
    at, id = START if cursor is None else _read(cursor)
    later = sa.or_(Step.at > at, sa.and_(Step.at == at, Step.id > id))
    wanted = (
        sa.select(Entry, Step)
        .join(Step, Step.subject == sa.literal("entry:").concat(Entry.id))
        .where(later, Step.at <= now - LAG, _concerns(actor))
        .order_by(Step.at, Step.id)
        .limit(limit)
    )
    rows = [(entry, step) for entry, step in session.execute(wanted)]
    return Changes(rows, _cursor(*((rows[-1][1].at, rows[-1][1].id) if rows else (at, id))))


def _concerns(actor: Actor) -> sa.ColumnElement[bool]:
    if Role.REGULATOR in actor.roles:
        return sa.true()
    told = sa.select(Recall.entry_id).where(Recall.member_id == actor.member_id)
    shown = sa.select(Check.entry_id).where(Check.member_id == actor.member_id, Check.entry_id.is_not(None))
    return sa.or_(Entry.member_id == actor.member_id, Entry.id.in_(told), Entry.id.in_(shown))


def _cursor(at: datetime, id: str) -> str:
    micros = (at - START[0]) // timedelta(microseconds=1)
    return base64url.encode(json.dumps([micros, id], separators=(",", ":")).encode())


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        micros, id = json.loads(base64url.decode(cursor, field="cursor"))
        if type(micros) is not int or not isinstance(id, str):
            raise ValueError
        return START[0] + timedelta(microseconds=micros), id
    except (Invalid, ValueError, TypeError, OverflowError, RecursionError):
        raise Invalid("cursor must be one that the answer before gave you", field="cursor") from None
