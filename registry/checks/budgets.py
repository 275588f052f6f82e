"""Budgets: how many evaluations an account, a unit and a member have had today and at one stroke, counted one by one.

`charge` runs in the transaction that hands the evaluation out, by compare-and-set, so that two requests at once
cannot both take the last unit, on either database. The day begins anew at midnight (UTC), the stroke does not: nobody
gets two days' worth by asking on both sides of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite

from registry.access import Actor
from registry.checks.models import Allowance, Burst
from registry.checks.rules import Bucket, budget_day, ceilings, seconds_left
from registry.clock import rfc3339
from registry.db import Base, Session
from registry.errors import TooMany
from registry.log.swap import swap
from registry.members.actions import get


def require(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """TooMany when a batch of `units` would not fit now; nothing is counted."""
    for scope, ceiling in _ceilings(session, actor).items():
        day, stroke = session.get(Allowance, (scope, budget_day(now))), session.get(Burst, scope)
        if units + (day.used if day else 0) > ceiling:
            raise _used_up(scope, ceiling, now)
        _require_stroke(scope, Bucket.of(ceiling), stroke.full_at if stroke else now, units, now)


def charge(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """Count `units` for the account, its member and its unit, or TooMany and the transaction ends."""
    session.flush()
    for scope, ceiling in _ceilings(session, actor).items():
        _charge_day(session, scope, ceiling, units, now)
        _charge_stroke(session, scope, Bucket.of(ceiling), units, now)


def _charge_day(session: Session, scope: str, ceiling: int, units: int, now: datetime) -> None:
    key = {"scope": scope, "day": budget_day(now)}
    _begin(session, Allowance, {**key, "used": 0})
    row = session.get_one(Allowance, (scope, key["day"]))
    fits = Allowance.used + units <= ceiling
    if not swap(session, row, fits, values=lambda was: {"used": was["used"] + units}):
        raise _used_up(scope, ceiling, now)


def _charge_stroke(session: Session, scope: str, bucket: Bucket, units: int, now: datetime) -> None:
    _begin(session, Burst, {"scope": scope, "full_at": now})
    row = session.get_one(Burst, scope)
    fits = Burst.full_at <= bucket.latest(now) - (bucket.full_after(None, units, now) - now)
    if not swap(session, row, fits, values=lambda was: {"full_at": bucket.full_after(was["full_at"], units, now)}):
        session.refresh(row)
        _require_stroke(scope, bucket, row.full_at, units, now)


def _ceilings(session: Session, actor: Actor) -> dict[str, int]:
    headcount = get(session, actor.member_id).headcount
    return ceilings(member=actor.member_id, unit=actor.unit_id, account=actor.id, headcount=headcount)


def _begin(session: Session, table: type[Base], values: dict[str, object]) -> None:
    """The row, if it is not there: of two at once, one inserts."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def _used_up(scope: str, ceiling: int, now: datetime) -> TooMany:
    whose = scope.partition(":")[0]
    return TooMany(
        f"your {whose} may have {ceiling} evaluations a day (UTC) and this batch does not fit in what is left; "
        "send a smaller batch, or wait for the next day",
        retry_after=seconds_left(now),
        field="elements",
    )


def _require_stroke(scope: str, bucket: Bucket, full_at: datetime, units: int, now: datetime) -> None:
    """TooMany, with the first second at which the batch fits."""
    early = bucket.full_after(full_at, units, now) - bucket.latest(now)
    if early <= timedelta():
        return
    whose, seconds = scope.partition(":")[0], -(-early // timedelta(seconds=1))
    raise TooMany(
        f"your {whose} may have {bucket.size} evaluations at one stroke and has had most of them; this batch is "
        f"allowed from {rfc3339(now + timedelta(seconds=seconds))} on, a smaller one before",
        retry_after=seconds,
        field="elements",
    )
