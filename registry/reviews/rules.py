"""When a listing is looked at again, on which grounds it ends, and what can happen to a review. Pure.

(none) ─open→ open ─keep→ kept
                └─end→ ended
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from registry import policy
from registry.errors import Invalid


class State(enum.StrEnum):
    OPEN = "open"
    KEPT = "kept"
    ENDED = "ended"


class Verb(enum.StrEnum):
    OPEN = "open"
    KEEP = "keep"
    END = "end"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.OPEN): State.OPEN,
        (State.OPEN, Verb.KEEP): State.KEPT,
        (State.OPEN, Verb.END): State.ENDED,
    }
)


class Ground(enum.StrEnum):
    """Why a listing may end before its date. A closed list."""

    HALF_TERM = "half-term"  # the registry itself asks
    TIME_SERVED = "time-served"  # the subject asks, after the earliest date
    ACQUITTED = "acquitted"
    CASE_DROPPED = "case-dropped"  # by police or prosecution
    PENALTY_REVOKED = "penalty-revoked"


# Nobody has to wait with these, and what is proven so was never to be listed: the entry is void.
OBVIOUS: Final = frozenset({Ground.ACQUITTED, Ground.CASE_DROPPED, Ground.PENALTY_REVOKED})
APPLICABLE: Final = OBVIOUS | {Ground.TIME_SERVED}


def read_ground(text: str) -> Ground:
    """One that the subject may apply with; Invalid otherwise."""
    if text not in APPLICABLE:
        raise Invalid("ground must be one of {allowed}", field="ground", allowed=tuple(sorted(APPLICABLE)))
    return Ground(text)


def earliest(level: int, *, listed_at: datetime, until: datetime | None) -> datetime:
    """From when on the subject may ask for the end because time has been served."""
    share = next(gravity.rehabilitation for gravity in policy.LADDER if gravity.level == level)
    term = until - listed_at if until is not None else policy.REVIEW_EVERY
    return listed_at + timedelta(seconds=int(term.total_seconds() * share))


def review_at(listed_at: datetime, until: datetime | None) -> datetime:
    """When the registry asks by itself: at half of the term that is in force, and after five years at the latest."""
    latest = listed_at + policy.REVIEW_EVERY
    if until is None:
        return latest
    return min(latest, listed_at + timedelta(seconds=int((until - listed_at).total_seconds() * policy.REVIEW_AT)))
