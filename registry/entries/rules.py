"""What can happen to an entry, and when a checker may see it.

(none) ─list→ listed ─correct→ corrected ─revise→ revised      these three are visible between listed_at and until
                 └─suspend→ suspended ─reinstate→ listed       "expired" is computed, never stored
                 └─void→ voided   └─rehabilitate→ rehabilitated                                   both for good
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from registry import policy
from registry.errors import Invalid


class State(enum.StrEnum):
    LISTED = "listed"
    CORRECTED = "corrected"
    REVISED = "revised"
    SUSPENDED = "suspended"
    VOIDED = "voided"
    REHABILITATED = "rehabilitated"


class Verb(enum.StrEnum):
    LIST = "list"
    CORRECT = "correct"
    REVISE = "revise"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    SHORTEN = "shorten"
    VOID = "void"
    REHABILITATE = "rehabilitate"


VISIBLE: Final = frozenset({State.LISTED, State.CORRECTED, State.REVISED})
_LIVE: Final = (State.LISTED, State.CORRECTED, State.REVISED, State.SUSPENDED)

NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.LIST): State.LISTED,
        **{(state, Verb.CORRECT): State.CORRECTED for state in sorted(VISIBLE)},
        **{(state, Verb.REVISE): State.REVISED for state in sorted(VISIBLE)},
        **{(state, Verb.SUSPEND): State.SUSPENDED for state in sorted(VISIBLE)},
        (State.SUSPENDED, Verb.CORRECT): State.SUSPENDED,
        (State.SUSPENDED, Verb.REVISE): State.SUSPENDED,
        (State.SUSPENDED, Verb.REINSTATE): State.LISTED,
        **{(state, Verb.SHORTEN): state for state in _LIVE},
        **{(state, Verb.VOID): State.VOIDED for state in _LIVE},
        **{(state, Verb.REHABILITATE): State.REHABILITATED for state in _LIVE},
    }
)

EXPIRED: Final = "expired"


def is_visible(
    state: State,
    *,
    listed_at: datetime,
    until: datetime | None,
    now: datetime,
    hidden_until: datetime | None = None,
) -> bool:
    """Whether a checker is told of the entry at `now`; its last moment is just before `until`.

    Until `hidden_until` an order, or its own member, hides it, whatever its state.
    """
    ordered_away = hidden_until is not None and now < hidden_until
    return state in VISIBLE and listed_at <= now and (until is None or now < until) and not ordered_away


def status(state: State, *, until: datetime | None, now: datetime, hidden_until: datetime | None = None) -> str:
    """The state as people read it: `expired` once a live entry has reached its end, `suspended` while ordered away."""
    if state in _LIVE and until is not None and until <= now:
        return EXPIRED
    return (
        State.SUSPENDED.value if state in VISIBLE and hidden_until is not None and now < hidden_until else state.value
    )


def relied_on_from(
    *, listed_at: datetime, unheard: bool, first_hit_at: datetime | None, heard_at: datetime | None
) -> datetime | None:
    """From when an entry may weigh in a decision; None while an unheard one waits for its first hit.

    The days run from the first hit, or from when something reached the person after the listing, if that is earlier.
    """
    if not unheard:
        return listed_at
    begun = [at for at in (first_hit_at, heard_at) if at is not None]
    return min(begun) + policy.UNHEARD_WINDOW if begun else None


def verify_shorter(until: datetime, *, present: datetime | None, listed_at: datetime) -> None:
    """Raise Invalid unless the new end is after the listing and before the present end."""
    if until <= listed_at or (present is not None and until >= present):
        raise Invalid("until must be after the listing and before the present end", field="until")


def verify_milder(level: int, *, present: int) -> None:
    """Raise Invalid for a correction that makes a case graver: that takes a new report, with its own hearing."""
    if not 1 <= level <= present:
        raise Invalid(
            "level must not be graver than the present one; a graver case needs a report of its own", field="level"
        )
