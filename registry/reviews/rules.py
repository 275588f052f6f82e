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
        raise Invalid(f"ground must be one of {', '.join(sorted(APPLICABLE))}", field="ground")
    return Ground(text)


def earliest(level: int, *, listed_at: datetime, until: datetime | None) -> datetime:
    """From when on the subject may ask for the end because time has been served."""
    share = next(gravity.rehabilitation for gravity in policy.LADDER if gravity.level == level)
    term = until - listed_at if until is not None else policy.REVIEW_EVERY
    return listed_at + timedelta(seconds=int(term.total_seconds() * share))


def half_term(term_days: int | None) -> timedelta:
    """How long after the listing the registry asks by itself."""
    if term_days is None:
        return policy.REVIEW_EVERY
    return min(timedelta(days=float(term_days * policy.REVIEW_AT)), policy.REVIEW_EVERY)
