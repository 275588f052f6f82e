"""The life of a recusal: the subject says why somebody on the panel must not decide. Pure.

(none) ─ask→ asked ─sustain→ sustained        the next in rank follows
                 └─dismiss→ dismissed
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from registry import policy


class State(enum.StrEnum):
    ASKED = "asked"
    SUSTAINED = "sustained"
    DISMISSED = "dismissed"


class Verb(enum.StrEnum):
    ASK = "ask"
    SUSTAIN = "sustain"
    DISMISS = "dismiss"


NEXT: Final[Mapping[tuple[State | None, Verb], State]] = MappingProxyType(
    {
        (None, Verb.ASK): State.ASKED,
        (State.ASKED, Verb.SUSTAIN): State.SUSTAINED,
        (State.ASKED, Verb.DISMISS): State.DISMISSED,
    }
)


def ask_until(seated_at: datetime) -> datetime:
    return seated_at + policy.RECUSAL_ASKED


def decide_by(asked_at: datetime) -> datetime:
    """When it is sustained by itself, if nobody has decided it."""
    return asked_at + policy.RECUSAL_DECIDED
