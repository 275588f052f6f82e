"""Recalls: read what has changed, and acknowledge it by signature."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from registry.errors import Invalid
from registry.signing import jws

from .api import Registry

ACKNOWLEDGEMENT = "recall-ack+jwt"


def unacknowledged(registry: Registry) -> list[dict[str, Any]]:
    """Recalls that nobody of the member has acknowledged: each with id, entry, reason, checks, due_at."""
    return list(registry.get("/api/v1/recalls?open=true")["recalls"])


def acknowledge(registry: Registry, recall: Mapping[str, Any]) -> dict[str, Any]:
    """Sign that the member has understood this recall and sends it. Raises Invalid without a signing key."""
    key = registry.profile.signing_key
    if key is None:
        raise Invalid("this profile has no signing_key; name the file of yours in it", field="signing_key")
    claims = {
        "iss": registry.member,
        "aud": registry.profile.issuer,
        "jti": secrets.token_hex(16),
        "iat": int(registry.clock().timestamp()),
        **{"recall": recall["id"], "entry": recall["entry"], "reason": recall["reason"]},
    }
    body = {"acknowledgement": jws.sign(claims, typ=ACKNOWLEDGEMENT, key=key)}
    return registry.post(f"/api/v1/recalls/{recall['id']}/acknowledgement", body)
