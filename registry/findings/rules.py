"""What can happen to a finding, and what the system raises by itself. Pure.

(none) ─raise→ open ─answer→ answered ─close→ closed
                 └────────close────────┘
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from registry import policy
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
    REVIEW_OVERDUE = "review-overdue"  # nobody has decided whether a listing goes on
    OVERTURNED = "overturned"  # a member's listings fall too often
    PANEL_EXHAUSTED = "panel-exhausted"  # nobody is left who could take a vacated seat
    NEVER_APPLIED = "never-applied"  # by a subject: the member says to have checked a hire, and there was none
    CANARY = "canary"  # somebody has asked about a person who does not exist


def reminder_due(*, since: datetime, by: datetime, now: datetime) -> timedelta | None:
    """How long before `by` the latest reminder falls that is due; None before the first, and once it is too late.

    Whoever was given no more time than a reminder's lead gets no such reminder.
    """
    leads = (lead for lead in sorted(policy.REMIND_BEFORE) if lead < by - since and by - lead <= now)
    return next(leads, None) if now < by else None


def cause_of_overturned(member_id: str, now: datetime) -> str:
    """The name under which a member's rate is raised, once a month."""
    return f"overturned:{member_id[:40]}:{now:%Y-%m}"


def cause_of_panel(appeal_id: str) -> str:
    """The name under which a panel that cannot be filled is raised, once."""
    return f"appeal:{appeal_id}:panel"


def cause_of_canary(batch_id: str) -> str:
    """The name under which the canaries of one batch are raised, once."""
    return f"canary:{batch_id}"


def cause_of_review(review_id: str) -> str:
    """The name under which a review that nobody decides is raised, once."""
    return f"review:{review_id}"


def cause_of_check(check_id: str) -> str:
    """The name under which one check is disputed, once."""
    return f"check:{check_id}"


def cause_of_overdue(appeal_id: str, duty: Duty) -> str:
    """The name under which one late duty is raised, and never twice."""
    return f"appeal:{appeal_id}:{duty.value}"
