"""What the public may know of appeals: each decision without a person in it, and how long each step took.

A published decision names neither case nor person nor panel, and the month, not the day; so that nobody finds
themselves, or a neighbour, in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.appeals import rules
from registry.appeals.models import Appeal
from registry.appeals.rules import Lane
from registry.db import Session
from registry.panels.models import Decision
from registry.panels.rules import Choice
from registry.reports.models import Report


@dataclass(frozen=True, slots=True)
class Published:
    """One decision, redacted. `month` is YYYY-MM."""

    month: str
    instance: int
    lane: Lane
    grounds: tuple[str, ...]
    offence: str
    choice: Choice
    unanimous: bool


@dataclass(frozen=True, slots=True)
class Took:
    """How long one step has taken: how often, its median and longest, and how often within its target."""

    step: str
    count: int
    median: timedelta
    longest: timedelta
    in_time: int


@dataclass(frozen=True, slots=True)
class Overturned:
    """Of a member's listings that were decided on in the last year: how many did not stand as they were."""

    member: str
    decided: int
    overturned: int


# Step: from when, until when; what it may take is of the appeal's lane and instance.
_STEPS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "proof": ("lodged_at", "proofed_at"),
        "admit": ("proofed_at", "admitted_at"),
        "decide": ("proofed_at", "decided_at"),
    }
)


_NEVER: Final[Mapping[str, datetime]] = MappingProxyType({})


def decisions(session: Session, *, limit: int = 1_000) -> list[Published]:
    """The newest decisions, by month and then in an order that tells nothing."""
    month = sa.func.substr(sa.cast(Decision.decided_at, sa.String), 1, 7)
    rows = session.execute(
        sa.select(Decision, Appeal, Report.offence)
        .join(Appeal, Appeal.id == Decision.appeal_id)
        .join(Report, Report.case_id == Decision.case_id)
        .order_by(month.desc(), Decision.id)
        .limit(limit)
    )
    return [
        Published(
            month=decision.decided_at.strftime("%Y-%m"),
            instance=appeal.instance,
            lane=appeal.lane,
            grounds=tuple(appeal.grounds),
            offence=offence,
            choice=decision.choice,
            unanimous=decision.unanimous,
        )
        for decision, appeal, offence in rows
    ]


def durations(session: Session, *, since: datetime) -> list[Took]:
    """How long each step took in the appeals lodged since then; steps that nobody has come to are left out."""
    taken: dict[str, list[tuple[timedelta, timedelta | None]]] = defaultdict(list)
    for appeal in session.scalars(sa.select(Appeal).where(Appeal.lodged_at >= since)):
        for step, (begin, end) in _STEPS.items():
            begun, done = getattr(appeal, begin), getattr(appeal, end)
            if begun is not None and done is not None:
                taken[step].append((done - begun, _target(step, appeal)))
    return [_took(step, taken[step]) for step in _STEPS if step in taken]


def targets(step: str) -> tuple[timedelta, ...]:
    """What a step may take, the shortest first: it depends on lane and instance. () where the rules set no time."""
    if step == "admit":
        return (policy.MEMBER_INFORMED,)
    lanes = [(lane, instance) for lane in Lane for instance in range(1, rules.INSTANCES + 1)]
    return tuple(sorted({rules.decision_limit(*each) for each in lanes})) if step == "decide" else ()


def _target(step: str, appeal: Appeal) -> timedelta | None:
    """None: it is the subject's own affair how long it takes."""
    targets = {"admit": policy.MEMBER_INFORMED, "decide": rules.decision_limit(appeal.lane, appeal.instance)}
    return targets.get(step)


def _took(step: str, taken: Iterable[tuple[timedelta, timedelta | None]]) -> Took:
    times = list(taken)
    lasted = [time for time, _ in times]
    in_time = sum(1 for time, target in times if target is None or time <= target)
    return Took(step, len(times), timedelta(seconds=median(t.total_seconds() for t in lasted)), max(lasted), in_time)


def overturned(session: Session, *, now: datetime, after: Mapping[str, datetime] = _NEVER) -> list[Overturned]:
    """Every member whose listings were decided on in the last year, by id. The last decision of a case counts.

    Of the members in `after` only what was decided later than that counts.
    """
    last: dict[str, tuple[str, Choice]] = {}
    rows = session.execute(
        sa.select(Decision, Appeal.member_id)
        .join(Appeal, Appeal.id == Decision.appeal_id)
        .where(Decision.decided_at > now - policy.OVERTURN_LOOKS_BACK)
        .order_by(Decision.decided_at, Decision.id)
    )
    for decision, member in rows:
        if member in after and decision.decided_at <= after[member]:
            continue
        last[decision.case_id] = (member, decision.choice)
    counts: dict[str, list[bool]] = defaultdict(list)
    for member, choice in last.values():
        counts[member].append(choice is not Choice.KEEP)
    return [Overturned(member, len(fell), sum(fell)) for member, fell in sorted(counts.items())]


def is_too_often(found: Overturned) -> bool:
    """Whether a member was overturned so often that somebody has to look into it."""
    return found.decided >= policy.OVERTURN_AT_LEAST and found.overturned / found.decided > policy.OVERTURN_INVESTIGATED
