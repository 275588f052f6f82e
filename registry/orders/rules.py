"""What an order says, and what can happen to it. Pure.

(none) ─issue→ issued ─confirm→ in-force ─end→ ended         end: its date has come
                  │                 └─lift→ lifted           both sides have signed that the authority withdraws it
                  └─lapse→ lapsed                            72 hours without the second signature

    typ     order+jwt, by the first of the two
    payload {"iss", "aud", "jti", "iat", "case": number, "instruction", "ground", "authority", "reference", "until"}
    typ     order-confirmation+jwt, by the second
    payload {"iss", "aud", "jti", "iat", "order": base64url SHA-256 of the first payload}
    typ     order-withdrawal+jwt, by both, in the same words
    payload {"iss", "aud", "jti", "iat", "order": as above, "ground", "authority", "reference"}
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from registry.errors import Invalid
from registry.policy import CONFIRMED_WITHIN, ORDER_LONGEST
from registry.signing.claims import (
    SECONDS,
    STANDARD,
    encoded,
    exactly,
    identifier,
    prose,
    verify_claims,
    verify_times,
    verify_value,
)

ORDER: Final = "order+jwt"
CONFIRMATION: Final = "order-confirmation+jwt"
WITHDRAWAL: Final = "order-withdrawal+jwt"
SIGNED_WITHIN: Final = timedelta(days=1)


class Instruction(enum.StrEnum):
    SUSPEND = "suspend"  # hide the entry until the date
    PRESERVE = "preserve"  # erase nothing of the case until the date
    ERASE = "erase"  # propose the erasure of the case; it can be executed until the date


class State(enum.StrEnum):
    ISSUED = "issued"
    IN_FORCE = "in-force"
    LAPSED = "lapsed"
    ENDED = "ended"
    LIFTED = "lifted"


class Verb(enum.StrEnum):
    ISSUE = "issue"
    CONFIRM = "confirm"
    LAPSE = "lapse"
    END = "end"
    LIFT = "lift"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.ISSUE): State.ISSUED,
        (State.ISSUED, Verb.CONFIRM): State.IN_FORCE,
        (State.ISSUED, Verb.LAPSE): State.LAPSED,
        (State.IN_FORCE, Verb.END): State.ENDED,
        (State.IN_FORCE, Verb.LIFT): State.LIFTED,
    }
)
OPEN: Final = frozenset({State.ISSUED, State.IN_FORCE})

_BY = {
    "ground": prose(300),  # the article of law
    "authority": prose(200),
    "reference": prose(100),
}
_ORDER = {
    **STANDARD,
    **_BY,
    "case": identifier(16),
    "instruction": exactly(*(instruction.value for instruction in Instruction)),
    "until": SECONDS,
}
_CONFIRMATION = {**STANDARD, "order": encoded(32)}
_WITHDRAWAL = {**_CONFIRMATION, **_BY}


@dataclass(frozen=True, slots=True)
class Ordered:
    """The words of an order."""

    case_number: str
    instruction: Instruction
    ground: str = field(repr=False)
    authority: str = field(repr=False)
    reference: str = field(repr=False)
    until: datetime


def read(payload: Mapping[str, Any], *, signer: str, issuer: str, now: datetime) -> Ordered:
    """The order that `signer` signed within a day; Invalid names the claim. It may run for ten years at most."""
    verify_claims(payload, _ORDER)
    _verify_standard(payload, signer=signer, issuer=issuer, now=now)
    until = datetime.fromtimestamp(payload["until"], UTC)
    if not now < until <= now + ORDER_LONGEST:
        raise Invalid(
            "until must be in the future and within {longest} days",
            field="until",
            longest=ORDER_LONGEST.days,
        )
    return Ordered(
        case_number=payload["case"],
        instruction=Instruction(payload["instruction"]),
        ground=payload["ground"],
        authority=payload["authority"],
        reference=payload["reference"],
        until=until,
    )


def read_confirmation(payload: Mapping[str, Any], *, signer: str, issuer: str, digest: str, now: datetime) -> None:
    """Raise Invalid unless `signer` confirmed within a day the order of this digest."""
    verify_claims(payload, _CONFIRMATION)
    verify_value(payload, "order", digest)
    _verify_standard(payload, signer=signer, issuer=issuer, now=now)


def read_withdrawal(
    payload: Mapping[str, Any], *, signer: str, issuer: str, digest: str, now: datetime
) -> dict[str, str]:
    """By whom and why the order of this digest is withdrawn, as `signer` signed within a day; Invalid otherwise."""
    verify_claims(payload, _WITHDRAWAL)
    verify_value(payload, "order", digest)
    _verify_standard(payload, signer=signer, issuer=issuer, now=now)
    return {name: payload[name] for name in _BY}


def confirm_by(issued_at: datetime) -> datetime:
    return issued_at + CONFIRMED_WITHIN


def holds_until(state: State, *, issued_at: datetime, until: datetime, by_regulator: bool) -> datetime | None:
    """Until when it hides or preserves as it stands; None when it does not."""
    if state is State.IN_FORCE:
        return until
    if state is State.ISSUED and by_regulator:
        return min(until, confirm_by(issued_at))
    return None


def _verify_standard(payload: Mapping[str, Any], *, signer: str, issuer: str, now: datetime) -> None:
    for name, wanted in (("iss", signer), ("aud", issuer)):
        verify_value(payload, name, wanted)
    verify_times(payload, now=now, max_age=SIGNED_WITHIN)
