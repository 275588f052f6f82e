"""Figures: what there is, how long it takes, what each month brought, who asks how often with how many hits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from registry import policy
from registry.appeals.models import Appeal
from registry.cases.models import Step
from registry.checks.models import Check
from registry.checks.rules import Outcome
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.queries import status_of
from registry.panels import statistics
from registry.panels.models import Decision
from registry.panels.rules import Choice
from registry.panels.statistics import Took
from registry.reports.models import Report

# From which state of a report until which, and what that may take; None: the rules set no time.
_STEPS: Final[Mapping[str, tuple[str, str, timedelta | None]]] = MappingProxyType(
    {
        "countersign": ("filed", "countersigned", None),
        "screen": ("countersigned", "screened", None),
        "serve": ("screened", "noticed", None),
        "window": ("noticed", "listed", None),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How often a member has asked since a day, and how many were hits. `alarm` says on which side of the band."""

    member: str
    checks: int
    hits: int

    @property
    def rate(self) -> float:
        return self.hits / self.checks if self.checks else 0.0

    @property
    def alarm(self) -> str | None:
        """Too few hits look like guessing, too many like looking for people one knows; None while it says nothing."""
        if self.checks < policy.HIT_RATE_AT_LEAST:
            return None
        low, high = policy.HIT_RATE_BAND
        return "low" if self.rate < low else "high" if self.rate > high else None


@dataclass(frozen=True, slots=True)
class Month:
    """What a month brought. `month` is YYYY-MM; `fell` counts the decisions that did not leave a listing as it was."""

    month: str
    filed: int = 0
    listed: int = 0
    lodged: int = 0
    decided: int = 0
    fell: int = 0


def entries(session: Session, *, now: datetime) -> Mapping[str, Counter[int]]:
    """How many entries there are in each state (as people read it), by level."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for entry in session.scalars(sa.select(Entry).execution_options(yield_per=500)):
        found[status_of(entry, now)][entry.level] += 1
    return dict(sorted(found.items()))


def durations(session: Session, *, since: datetime) -> list[Took]:
    """How long each step took since then: of reports, then of appeals."""
    reached: dict[str, dict[str, datetime]] = defaultdict(dict)
    steps = sa.select(Step).where(Step.subject.like("report:%"), Step.at >= since).order_by(Step.at, Step.number)
    for step in session.scalars(steps):
        reached[step.subject].setdefault(step.after, step.at)
    taken = [
        _took(name, [times[end] - times[begin] for times in reached.values() if {begin, end} <= times.keys()], limit)
        for name, (begin, end, limit) in _STEPS.items()
    ]
    return [*(each for each in taken if each.count), *statistics.durations(session, since=since)]


def _took(step: str, lasted: list[timedelta], limit: timedelta | None) -> Took:
    if not lasted:
        return Took(step, 0, timedelta(), timedelta(), 0)
    in_time = sum(1 for time in lasted if limit is None or time <= limit)
    return Took(step, len(lasted), timedelta(seconds=median(t.total_seconds() for t in lasted)), max(lasted), in_time)


def monthly(session: Session, *, since: datetime) -> list[Month]:
    """The months since then in which anything happened, the newest first."""
    columns: Mapping[str, tuple[Any, ...]] = {
        "filed": (Report.filed_at,),
        "listed": (Entry.listed_at,),
        "lodged": (Appeal.lodged_at,),
        "decided": (Decision.decided_at,),
        "fell": (Decision.decided_at, Decision.choice != Choice.KEEP),
    }
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, (at, *narrower) in columns.items():
        for moment in session.scalars(sa.select(at).where(at >= since, *narrower)):
            found[moment.strftime("%Y-%m")][name] += 1
    return [Month(month, **counts) for month, counts in sorted(found.items(), reverse=True)]


def asked(session: Session, *, since: datetime) -> list[Asked]:
    """Each member that has asked since then, by id."""
    rows = session.execute(
        sa.select(Check.member_id, Check.outcome, sa.func.count())
        .where(Check.at >= since)
        .group_by(Check.member_id, Check.outcome)
    )
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for member, outcome, count in rows:
        counts[member][outcome] = count
    return [Asked(member, sum(each.values()), each[Outcome.ENTRY]) for member, each in sorted(counts.items())]
