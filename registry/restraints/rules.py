"""When a member is restrained, and what can happen then. Pure.

(none) ─throttle→ throttled ─suspend→ suspended      throttled: so many reports a day; suspended: none
   └─────suspend─────────────────────────↗
                    └──────lift─────┴─lift→ lifted   by a regulator
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from registry import policy


class State(enum.StrEnum):
    THROTTLED = "throttled"
    SUSPENDED = "suspended"
    LIFTED = "lifted"


class Verb(enum.StrEnum):
    THROTTLE = "throttle"
    SUSPEND = "suspend"
    LIFT = "lift"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.THROTTLE): State.THROTTLED,
        (None, Verb.SUSPEND): State.SUSPENDED,
        (State.THROTTLED, Verb.SUSPEND): State.SUSPENDED,
        (State.THROTTLED, Verb.LIFT): State.LIFTED,
        (State.SUSPENDED, Verb.LIFT): State.LIFTED,
    }
)
IN_FORCE: Final = (State.THROTTLED, State.SUSPENDED)


def due(*, decided: int, overturned: int) -> Verb | None:
    """What so many overturned listings of so many decided ones lead to; None while they are few, or right enough."""
    if decided < policy.OVERTURN_AT_LEAST:
        return None
    rate = overturned / decided
    if rate > policy.OVERTURN_SUSPENDED:
        return Verb.SUSPEND
    return Verb.THROTTLE if rate > policy.OVERTURN_THROTTLED else None
