"""What a recall says, and what a member signs to say that it has understood. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from registry.policy import RECALL_ACK
from registry.signing.claims import STANDARD, exactly, identifier, verify_claims, verify_times, verify_value

TYP = "recall-ack+jwt"
STATEMENT_AGE = timedelta(days=1)  # how long ago an acknowledgement may have been signed


class Reason(enum.StrEnum):
    VOIDED = "voided"
    SUSPENDED = "suspended"
    CORRECTED = "corrected"
    REVISED = "revised"
    SHORTENED = "shortened"
    REHABILITATED = "rehabilitated"
    HEARD = "heard"  # an unheard entry's days to answer are over: it may weigh now
    LISTED = "listed"  # again after a suspension, or for the first time while a check was open


_RULES = {
    **STANDARD,
    "recall": identifier(32),
    "entry": identifier(32),
    "reason": exactly(*(reason.value for reason in Reason)),
}


def due_at(issued_at: datetime) -> datetime:
    return issued_at + RECALL_ACK


def verify_acknowledgement(
    claims: Mapping[str, Any], *, member: str, issuer: str, recall: str, entry: str, reason: str, now: datetime
) -> None:
    """Raise Invalid unless the claims are this member's, on this recall and what it says, signed within a day."""
    verify_claims(claims, _RULES)
    for name, wanted in (("iss", member), ("aud", issuer), ("recall", recall), ("entry", entry), ("reason", reason)):
        verify_value(claims, name, wanted)
    verify_times(claims, now=now, max_age=STATEMENT_AGE)
