"""Budgets: how many evaluations an account, a unit and a member have had today and at one stroke, counted one by one.

`charge` runs in the transaction that hands the evaluation out and holds the rows that it counts in until the commit, so
that two requests at once cannot both take the last unit: by row locks on PostgreSQL, by the one writer on SQLite. All
rows of a table are read with one statement and written with one, for every evaluation pays for them. The day begins
anew at midnight (UTC), the stroke does not: nobody gets two days' worth by asking on both sides of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from registry.access import Actor
from registry.checks.models import Allowance, Burst
from registry.checks.rules import Bucket, budget_day, ceilings, seconds_left
from registry.clock import rfc3339
from registry.db import Session
from registry.errors import TooMany
from registry.members.actions import get

_Row = TypeVar("_Row", Allowance, Burst)


def require(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """TooMany when a batch of `units` would not fit now; nothing is counted."""
    limits = _ceilings(session, actor)
    days = _by_scope(session, _days(limits, now))
    strokes = _by_scope(session, _strokes(limits))
    _require(limits, days, strokes, units, now)


def charge(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """Count `units` for the account, its member and its unit, or TooMany and nothing is counted."""
    session.flush()
    limits = _ceilings(session, actor)
    days = _held(session, _days(limits, now), limits, {"day": budget_day(now), "used": 0})
    strokes = _held(session, _strokes(limits), limits, {"full_at": now})
    _require(limits, days, strokes, units, now)
    for scope, ceiling in limits.items():
        days[scope].used += units
        strokes[scope].full_at = Bucket.of(ceiling).full_after(strokes[scope].full_at, units, now)
    session.flush()


def _require(
    limits: Mapping[str, int],
    days: Mapping[str, Allowance],
    strokes: Mapping[str, Burst],
    units: int,
    now: datetime,
) -> None:
    for scope, ceiling in limits.items():
        day, stroke = days.get(scope), strokes.get(scope)
        if units + (day.used if day else 0) > ceiling:
            raise _used_up(scope, ceiling, now)
        _require_stroke(scope, Bucket.of(ceiling), stroke.full_at if stroke else now, units, now)


def _ceilings(session: Session, actor: Actor) -> dict[str, int]:
    headcount = get(session, actor.member_id).headcount
    return ceilings(member=actor.member_id, unit=actor.unit_id, account=actor.id, headcount=headcount)


def _days(limits: Mapping[str, int], now: datetime) -> sa.Select[Allowance]:
    return sa.select(Allowance).where(Allowance.scope.in_(limits), Allowance.day == budget_day(now))


def _strokes(limits: Mapping[str, int]) -> sa.Select[Burst]:
    return sa.select(Burst).where(Burst.scope.in_(limits))


def _by_scope(session: Session, rows: sa.Select[_Row]) -> dict[str, _Row]:
    return {row.scope: row for row in session.scalars(rows)}


def _held(
    session: Session, rows: sa.Select[_Row], limits: Mapping[str, int], empty: Mapping[str, object]
) -> dict[str, _Row]:
    """The row of every scope, begun where it is not there yet, and nobody else's until the commit.

    In one order, so that no two requests wait for each other.
    """
    model = rows.column_descriptions[0]["type"]
    locked = rows.order_by(model.scope).with_for_update().execution_options(populate_existing=True)
    found = _by_scope(session, locked)
    if missing := [{"scope": scope, **empty} for scope in limits if scope not in found]:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(insert(model).values(missing).on_conflict_do_nothing())
        found = _by_scope(session, locked)
    return found


def _used_up(scope: str, ceiling: int, now: datetime) -> TooMany:
    whose = scope.partition(":")[0]
    return TooMany(
        "your {whose} may have {ceiling} evaluations a day (UTC) and this batch does not fit in what is left; "
        "send a smaller batch, or wait for the next day",
        retry_after=seconds_left(now),
        field="elements",
        whose=whose,
        ceiling=ceiling,
    )


def _require_stroke(scope: str, bucket: Bucket, full_at: datetime, units: int, now: datetime) -> None:
    """TooMany, with the first second at which the batch fits."""
    early = bucket.full_after(full_at, units, now) - bucket.latest(now)
    if early <= timedelta():
        return
    whose, seconds = scope.partition(":")[0], -(-early // timedelta(seconds=1))
    raise TooMany(
        "your {whose} may have {size} evaluations at one stroke and has had most of them; this batch is "
        "allowed from {at} on, a smaller one before",
        retry_after=seconds,
        field="elements",
        whose=whose,
        size=bucket.size,
        at=rfc3339(now + timedelta(seconds=seconds)),
    )
