"""How three votes make one decision. Pure.

The choices are ordered by how much they leave of the listing. The decision is the middle vote: what at least two of
three would grant the subject. So two equal votes decide; three different ones meet in the middle.
A listing without an end stays one only if nobody would touch it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from registry import policy
from registry.errors import Invalid

SEATS: Final = policy.SEATS
LONGEST_TERM: Final = 36_500  # days


class Choice(enum.StrEnum):
    """In this order, each leaves less of the listing."""

    KEEP = "keep"
    CORRECT = "correct"
    SHORTEN = "shorten"
    SUSPEND = "suspend"
    VOID = "void"


_SEVERITY: Final = {choice: rank for rank, choice in enumerate(Choice)}
_UNTOUCHED: Final = frozenset({Choice.KEEP, Choice.CORRECT})
BEFORE_LISTING: Final = frozenset({Choice.KEEP, Choice.VOID})


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote. `term_days` counts from the listing and goes with shorten, `level` with correct, and with no other."""

    choice: Choice
    term_days: int | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the panel decides; `unanimous` when all three chose the same."""

    choice: Choice
    unanimous: bool
    term_days: int | None = None
    level: int | None = None


def read_ballot(choice: str, *, term_days: int | None, level: int | None, listed: bool) -> Ballot:
    """The ballot, or Invalid that names the field. Before the listing there is only keep or void."""
    allowed = set(Choice) if listed else BEFORE_LISTING
    if choice not in allowed:
        raise Invalid(
            "choice must be one of {allowed}", field="choice", allowed=tuple(c for c in Choice if c in allowed)
        )
    if (term_days is not None) != (choice == Choice.SHORTEN):
        raise Invalid("term_days must be given with shorten, and with nothing else", field="term_days")
    if term_days is not None and not 1 <= term_days <= LONGEST_TERM:
        raise Invalid("term_days must be whole days from 1", field="term_days")
    if (level is not None) != (choice == Choice.CORRECT):
        raise Invalid("level must be given with correct, and with nothing else", field="level")
    return Ballot(Choice(choice), term_days, level)


def decide(ballots: Sequence[Ballot], *, permanent: bool) -> Outcome:
    """The decision of exactly three ballots on a listing that has no end (`permanent`) or has one."""
    if len(ballots) != SEATS:
        raise Invalid("a decision takes {seats} votes", field="votes", seats=SEATS)
    chosen = sorted(ballots, key=lambda ballot: _SEVERITY[ballot.choice])[SEATS // 2].choice
    unanimous = len({ballot.choice for ballot in ballots}) == 1
    if permanent and chosen in _UNTOUCHED and not all(ballot.choice in _UNTOUCHED for ballot in ballots):
        return Outcome(Choice.SHORTEN, unanimous, term_days=_days(policy.MAX_TERM or policy.REVIEW_EVERY))
    same = [ballot for ballot in ballots if ballot.choice is chosen]
    return Outcome(
        chosen,
        unanimous,
        term_days=min((b.term_days for b in same if b.term_days is not None), default=None),
        level=min((b.level for b in same if b.level is not None), default=None),
    )


def is_final(choice: Choice, *, instance: int, instances: int) -> bool:
    """A voided listing is gone for good; any other decision of the first instance can be contested."""
    return choice is Choice.VOID or instance >= instances


def _days(term: timedelta) -> int:
    return term.days
