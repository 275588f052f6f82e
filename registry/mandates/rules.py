"""What a mandate may cover, and for how long. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from registry.access import Action
from registry.errors import Invalid
from registry.policy import MANDATE_LONGEST

NAME_LENGTH = 80


class Scope(enum.StrEnum):
    READ = "read"  # the file, the evidence, who has checked the person
    STATE = "state"  # the statement that is shown with the entry
    APPEAL = "appeal"  # lodge, contest, take part in the draw, ask for the end


COVERS: Mapping[Action, Scope] = MappingProxyType(
    {
        Action.CASE_READ: Scope.READ,
        Action.CHECKS_READ: Scope.READ,
        Action.STATEMENT_MAKE: Scope.STATE,
        Action.APPEAL_LODGE: Scope.APPEAL,
        Action.APPEAL_DRAW: Scope.APPEAL,
        Action.REVIEW_APPLY: Scope.APPEAL,
    }
)


def read_scope(words: Iterable[str]) -> list[Scope]:
    """At least one, each once; Invalid otherwise. Whoever may act may read."""
    named = set(words)
    if not named or not named <= set(Scope):
        raise Invalid("scope must be one or more of {allowed}", field="scope", allowed=tuple(Scope))
    return sorted({Scope.READ, *(Scope(word) for word in named)})


def verify_until(until: datetime, *, now: datetime) -> None:
    if not now < until <= now + MANDATE_LONGEST:
        raise Invalid(
            "until must be in the future and within {longest} days",
            field="until",
            longest=MANDATE_LONGEST.days,
        )


def is_living(*, until: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and now < until
