"""Budgets: how many evaluations an account, a unit and a member have had today, counted one by one.

`charge` runs in the transaction that hands the evaluation out, by compare-and-set, so that two requests at once
cannot both take the last unit, on either database.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite

from registry.access import Actor
from registry.checks.models import Allowance
from registry.checks.rules import budget_day, ceilings, seconds_left
from registry.db import Session
from registry.errors import TooMany
from registry.log.swap import swap
from registry.members.actions import get


def require(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """TooMany when a batch of `units` would not fit now; nothing is counted."""
    for scope, ceiling in _ceilings(session, actor).items():
        row = session.get(Allowance, (scope, budget_day(now)))
        if units + (row.used if row else 0) > ceiling:
            raise _used_up(scope, ceiling, now)


def charge(session: Session, *, actor: Actor, units: int, now: datetime) -> None:
    """Count `units` for the account, its member and its unit, or TooMany and the transaction ends."""
    day = budget_day(now)
    session.flush()
    for scope, ceiling in _ceilings(session, actor).items():
        _begin(session, scope, day)
        row = session.get_one(Allowance, (scope, day))
        fits = Allowance.used + units <= ceiling
        if not swap(session, row, fits, values=lambda was: {"used": was["used"] + units}):
            raise _used_up(scope, ceiling, now)


def _ceilings(session: Session, actor: Actor) -> dict[str, int]:
    headcount = get(session, actor.member_id).headcount
    return ceilings(member=actor.member_id, unit=actor.unit_id, account=actor.id, headcount=headcount)


def _begin(session: Session, scope: str, day: str) -> None:
    """The day's row, if it is not there: of two at once, one inserts."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(Allowance).values(scope=scope, day=day, used=0).on_conflict_do_nothing())


def _used_up(scope: str, ceiling: int, now: datetime) -> TooMany:
    whose = scope.partition(":")[0]
    return TooMany(
        f"your {whose} may have {ceiling} evaluations a day (UTC) and this batch does not fit in what is left; "
        "send a smaller batch, or wait for the next day",
        retry_after=seconds_left(now),
        field="elements",
    )
