"""When a case may be forgotten, and what a regulator signs for it. Pure.

(none) ─propose→ proposed ─cosign→ cosigned ─execute→ executed
                  └─renew─┘  ↑──────renew─────┘                 renew: the case has had further acts meanwhile

    typ     erasure+jwt
    payload {"iss": the regulator, "aud", "jti", "iat", "erasure": id, "case": case id, "ground",
             "count": how many positions, "positions": base64url SHA-256 over the JCS of the list of positions}
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from registry import base64url
from registry.policy import Ending
from registry.signing.canonical import dumps
from registry.signing.claims import (
    STANDARD,
    encoded,
    exactly,
    identifier,
    verify_claims,
    verify_times,
    verify_value,
    whole,
)

TYP: Final = "erasure+jwt"
SIGNED_WITHIN: Final = timedelta(days=1)


class State(enum.StrEnum):
    PROPOSED = "proposed"
    COSIGNED = "cosigned"
    EXECUTED = "executed"


class Verb(enum.StrEnum):
    PROPOSE = "propose"
    RENEW = "renew"
    COSIGN = "cosign"
    EXECUTE = "execute"


NEXT: Mapping[tuple[State | None, Verb], State] = MappingProxyType(
    {
        (None, Verb.PROPOSE): State.PROPOSED,
        (State.PROPOSED, Verb.RENEW): State.PROPOSED,
        (State.COSIGNED, Verb.RENEW): State.PROPOSED,
        (State.PROPOSED, Verb.COSIGN): State.COSIGNED,
        (State.COSIGNED, Verb.EXECUTE): State.EXECUTED,
    }
)

_RULES: Final = {
    **STANDARD,
    "erasure": identifier(32),
    "case": identifier(32),
    "ground": exactly(*(ground.value for ground in Ending)),
    "count": whole(1, 10**6),
    "positions": encoded(32),
}


def positions_digest(positions: Sequence[int]) -> str:
    """Base64url SHA-256 over the JCS of the list; in the statement and in the erasure's leaf."""
    return base64url.encode(hashlib.sha256(dumps({"positions": list(positions)})).digest())


def claims(*, erasure: str, case: str, ground: Ending, positions: Sequence[int]) -> dict[str, Any]:
    """What a regulator's statement must say beside the standard claims."""
    digest = positions_digest(positions)
    return {"erasure": erasure, "case": case, "ground": ground.value, "count": len(positions), "positions": digest}


def verify(payload: Mapping[str, Any], wanted: Mapping[str, Any], *, signer: str, issuer: str, now: datetime) -> None:
    """Raise Invalid, which names the claim, unless `signer` signed within a day exactly what `wanted` says."""
    verify_claims(payload, _RULES)
    for name, value in {"iss": signer, "aud": issuer, **wanted}.items():
        verify_value(payload, name, value)
    verify_times(payload, now=now, max_age=SIGNED_WITHIN)
