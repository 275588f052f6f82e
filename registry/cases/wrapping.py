"""Renew the key that wraps the cases' keys, so that what was erased does not live on in a backup.

    begin ──→ rewrap_some, so many at a time ──→ finish ──→ destroy_due, once the older backups are gone

Until it is finished both keys are needed, and checks, pages and new cases go on. A case that was erased has no key in
the database, but older backups have it, wrapped under the older key: when that is destroyed, they do not open any more.
Whoever is killed at any point runs it again.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa

from registry import policy, vault
from registry.access import Action, Actor, require
from registry.cases.models import Case, WrappingKey
from registry.clock import rfc3339
from registry.db import Session, new_id
from registry.errors import Conflict
from registry.log.actions import record
from registry.log.swap import swap
from registry.wrapping import WrappingKeys

# "Wrap" in ASCII: names the advisory lock between those who open cases and whoever finishes a renewal.
_WRAPPING = 0x57726170


def present(session: Session) -> str | None:
    """The id of the key that wraps new case keys; None for the vault key. No renewal is finished before the commit."""
    _lock(session, "pg_advisory_xact_lock_shared")
    newest = _newest(session)
    return newest.id if newest is not None else None


def begin(session: Session, *, actor: Actor, keys: WrappingKeys, now: datetime) -> WrappingKey:
    """Begin a renewal under a new key, or find the one that goes on. Its file is there before anything is under it."""
    require(actor, Action.REWRAP)
    newest = _newest(session)
    if newest is not None and newest.finished_at is None:
        keys.get(newest.id)
        return newest
    row = WrappingKey(id=_unused(session, keys), number=newest.number + 1 if newest else 1, begun_at=now)
    session.add(row)
    record(session, "wrapping.begin", actor=actor.id, now=now, facts={"key": row.id})
    return row


def left(session: Session) -> int:
    """How many cases are not under the newest key."""
    return session.scalar(sa.select(sa.func.count()).select_from(_left(session).subquery())) or 0


def rewrap_some(session: Session, *, actor: Actor, limit: int, now: datetime) -> int:
    """Wrap up to `limit` case keys under the newest key; returns how many are so now, 0 when none was left.

    One that is erased at the same moment stays without a key.
    """
    require(actor, Action.REWRAP)
    newest = _newest(session)
    cases = session.scalars(_left(session).order_by(Case.id).limit(limit)).all()
    if newest is None or not cases:
        return 0
    for case in cases:
        _rewrap(session, case, newest.id)
    record(session, "wrapping.rewrap", actor=actor.id, now=now, facts={"cases": len(cases), "key": newest.id})
    return len(cases)


def finish(session: Session, *, actor: Actor, now: datetime) -> bool:
    """Whether nothing is under an older key any more; then the renewal is over."""
    require(actor, Action.REWRAP)
    _lock(session, "pg_advisory_xact_lock")
    newest = _newest(session)
    if newest is None or left(session):
        return False
    if newest.finished_at is None:
        newest.finished_at = now
        record(session, "wrapping.finish", actor=actor.id, now=now, facts={"key": newest.id})
    return True


def destroy_due(
    session: Session, *, actor: Actor, keys: WrappingKeys, now: datetime, at_once: bool = False
) -> datetime | None:
    """Destroy the older keys whose backups are gone, or `at_once` all; returns when the next may be, if one is left."""
    require(actor, Action.REWRAP)
    later = None
    for row, replaced_at in _replaced(session):
        due = replaced_at + policy.BACKUPS_KEPT
        if now < due and not at_once:
            later = later or due
            continue
        if session.scalar(sa.select(Case.id).where(Case.wrapped_under == row.id).limit(1)) is not None:
            raise Conflict("a case is still under the older key; run zilu keys rewrap again")
        keys.destroy(row.id)
        row.destroyed_at = now
        record(session, "wrapping.destroy", actor=actor.id, now=now, facts={"key": row.id})
    return later


def overdue(session: Session, now: datetime) -> str | None:
    """What has to be done about wrapping keys, and has not been; None when nothing is."""
    newest = _newest(session)
    since = (newest.finished_at if newest else None) or session.scalar(sa.select(sa.func.min(Case.opened_at)))
    if since is not None and now >= since + policy.REWRAP_EVERY:
        return f"case keys were to be wrapped anew by {rfc3339(since + policy.REWRAP_EVERY)}"
    if newest is not None and newest.finished_at is None and now >= newest.begun_at + policy.DAY:
        return f"a renewal of wrapping keys was begun at {rfc3339(newest.begun_at)} and not finished"
    if any(now >= replaced_at + policy.BACKUPS_KEPT for _, replaced_at in _replaced(session)):
        return "an older wrapping key is to be destroyed, for its last backup is over"
    return None


def _newest(session: Session) -> WrappingKey | None:
    return session.scalars(sa.select(WrappingKey).order_by(WrappingKey.number.desc()).limit(1)).first()


def _unused(session: Session, keys: WrappingKeys) -> str:
    """The id of a key that was made and not begun with, as when somebody was killed in between; else of a new one."""
    spare = sorted(keys.ids() - set(session.scalars(sa.select(WrappingKey.id))))
    if spare:
        return spare[0]
    id = new_id()
    keys.make(id)
    return id


def _left(session: Session) -> sa.Select[Case]:
    newest = _newest(session)
    under = Case.wrapped_under.is_distinct_from(newest.id if newest else None)
    return sa.select(Case).where(Case.wrapped_key.is_not(None), under)


def _rewrap(session: Session, case: Case, under: str) -> None:
    old, ring = case.wrapped_key, session.keyring
    if old is not None:
        key = vault.unwrap(ring.wrapping_key(case.wrapped_under), old, case=case.id)
        wrapped = vault.wrap(ring.wrapping_key(under), key, case=case.id)
        swap(session, case, Case.wrapped_key == old, values={"wrapped_key": wrapped, "wrapped_under": under})


def _replaced(session: Session) -> list[tuple[WrappingKey, datetime]]:
    """Every older key that is not destroyed, with when the next one had taken over, the oldest first."""
    rows = session.scalars(sa.select(WrappingKey).order_by(WrappingKey.number)).all()
    return [(row, after.finished_at) for row, after in pairwise(rows) if after.finished_at and row.destroyed_at is None]


def _lock(session: Session, function: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(getattr(sa.func, function)(_WRAPPING)))
