"""Ask candidates for their consent by link. The secrets are made here and stand in the links alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from registry import base64url
from registry.signing import consent, jws

from .api import Registry
from .reporting import signing_key, standard_claims


@dataclass(frozen=True, slots=True)
class Asked:
    """A group, and one link for each candidate: to be sent to them, and to nobody else."""

    group: str
    links: tuple[str, ...] = field(repr=False)


def ask(registry: Registry, *, purpose: str, text: str, count: int, life: timedelta) -> Asked:
    """Open `count` links for `life`. Raises Invalid without a signing key, TooMany beyond the day's budget."""
    made = [base64url.encode(secrets.token_bytes(32)) for _ in range(count)]
    claims = standard_claims(registry)
    payload = {
        **claims,
        "exp": claims["iat"] + int(life.total_seconds()),
        "links": [_digest(secret) for secret in made],
        "purpose": purpose,
        "text": _digest(text),
    }
    statement = jws.sign(payload, typ=consent.GROUP, key=signing_key(registry))
    answer = registry.post("/api/v1/consents", {"statement": statement, "text": text})
    return Asked(answer["group"], tuple(f"{registry.profile.issuer}/consent#{secret}" for secret in made))


def answers(registry: Registry, group: str) -> Mapping[str, Any]:
    """How many have granted, declined and been used."""
    return registry.get(f"/api/v1/consents/{group}")


def _digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())
