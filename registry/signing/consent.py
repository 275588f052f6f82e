"""Consent by link: what the member signs, what the candidate signs, and what joins the two to one person.

    typ     consent-group+jwt, by the member
    payload {"aud": the registry, "exp", "iat", "iss": the member, "jti": the group's id,
             "links": [b64url SHA-256 of each link's secret], "purpose", "text": b64url SHA-256 of the text}

    typ     consent+jwt, by a key that the candidate's browser made for this one statement
    payload {"aud": the registry, "cnf": {"jwk": that key}, "exp", "group", "iat", "member", "purpose", "text",
             "th":   b64url SHA-256("zilu/consent/v1\\0" ‖ group ‖ N)}

N is the tag of the candidate's document: nobody computes it without the key holder, so `th` leads to nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registry.errors import Invalid
from registry.policy import CONSENT_LIFE, CONSENT_LINKS, Purpose

from . import jws, keys
from .claims import (
    OBJECT,
    SECONDS,
    STANDARD,
    Rule,
    encoded,
    exactly,
    identifier,
    verify_claims,
    verify_times,
    verify_value,
)

GROUP, CONSENT = "consent-group+jwt", "consent+jwt"
_DIGEST = encoded(32)
_PURPOSE = exactly(*(purpose.value for purpose in Purpose))
_LINKS = Rule(
    f"1 to {CONSENT_LINKS} digests of secrets, each once",
    lambda v: isinstance(v, list) and 1 <= len(v) <= CONSENT_LINKS and all(map(_DIGEST.accepts, v)) and _each_once(v),
)
_GROUP: Mapping[str, Rule] = {**STANDARD, "exp": SECONDS, "links": _LINKS, "purpose": _PURPOSE, "text": _DIGEST}
_CONSENT: Mapping[str, Rule] = {
    "aud": identifier(),
    "cnf": OBJECT,
    "exp": SECONDS,
    "group": identifier(32),
    "iat": SECONDS,
    "member": identifier(),
    "purpose": _PURPOSE,
    "text": _DIGEST,
    "th": _DIGEST,
}


@dataclass(frozen=True, slots=True)
class Group:
    """What every consent under these links is for."""

    id: str
    member: str
    purpose: Purpose
    text: str  # b64url SHA-256
    links: tuple[str, ...]
    expires: datetime


def th(group: str, tag: bytes) -> bytes:
    """What joins a consent to the person whom the member means: 32 bytes."""
    return hashlib.sha256(b"zilu/consent/v1\0" + group.encode() + tag).digest()


def verify_group(claims: Mapping[str, Any], *, member: str, issuer: str, now: datetime) -> Group:
    """Invalid unless the claims are this member's, for this registry, and end within seven days."""
    verify_claims(claims, _GROUP)
    verify_value(claims, "iss", member)
    verify_value(claims, "aud", issuer)
    verify_times(claims, now=now, max_age=CONSENT_LIFE)
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    if expires > now + CONSENT_LIFE:
        raise Invalid(f"exp must be within {CONSENT_LIFE.days} days", field="exp", code="claim-wrong")
    if len(claims["jti"]) > 32:
        raise Invalid("jti must be at most 32 characters", field="jti", code="claim-wrong")
    return Group(claims["jti"], member, Purpose(claims["purpose"]), claims["text"], tuple(claims["links"]), expires)


def verify_consent(token: str, *, group: Group, issuer: str, now: datetime) -> str:
    """The `th` of a candidate's consent; Invalid unless it is for this group and signed by the key that it names."""
    claims = jws.parse(token, typ=CONSENT).payload
    verify_claims(claims, _CONSENT)
    jwk = claims["cnf"].get("jwk")
    if set(claims["cnf"]) != {"jwk"} or not isinstance(jwk, dict):
        raise Invalid("cnf must hold a jwk and nothing else", field="cnf", code="claim-wrong")
    key = keys.from_jwk(jwk, field="cnf")
    jws.verify(token, typ=CONSENT, key_for={keys.thumbprint(key): key}.__getitem__)
    said = {"aud": issuer, "group": group.id, "member": group.member, "purpose": group.purpose, "text": group.text}
    for name, wanted in said.items():
        verify_value(claims, name, wanted)
    verify_times(claims, now=now, max_age=CONSENT_LIFE)
    if claims["exp"] > group.expires.timestamp():
        raise Invalid("exp must not be after the group's", field="exp", code="claim-wrong")
    digest: str = claims["th"]
    return digest


def _each_once(values: list[str]) -> bool:
    return len(set(values)) == len(values)
