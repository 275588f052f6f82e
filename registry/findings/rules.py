"""What can happen to a finding, and what the system raises by itself. Pure.

(none) ─raise→ open ─answer→ answered ─close→ closed
                 └────────close────────┘
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from registry.appeals.rules import Duty


class State(enum.StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Verb(enum.StrEnum):
    RAISE = "raise"
    ANSWER = "answer"
    CLOSE = "close"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.RAISE): State.OPEN,
        (State.OPEN, Verb.ANSWER): State.ANSWERED,
        (State.OPEN, Verb.CLOSE): State.CLOSED,
        (State.ANSWERED, Verb.CLOSE): State.CLOSED,
    }
)


class Kind(enum.StrEnum):
    DEMAND = "demand"  # by a regulator, in its own words
    APPEAL_OVERDUE = "appeal-overdue"
    NEVER_APPLIED = "never-applied"  # by a subject: the member says to have checked a hire, and there was none


def cause_of_check(check_id: str) -> str:
    """The name under which one check is disputed, once."""
    return f"check:{check_id}"


def cause_of_overdue(appeal_id: str, duty: Duty) -> str:
    """The name under which one late duty is raised, and never twice."""
    return f"appeal:{appeal_id}:{duty.value}"
