"""A page on which a statement is signed in the browser: what stands on it for `frontend/src/sign.js`.

The statement stands on the page as it is signed, but for the claims that the browser adds: the tag of a number that is
typed there, and what is typed into `fields`. The page sends the signed statement, and nothing else of what was typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry import base64url
from registry.db import Session, new_id
from registry.keys.queries import of_account
from registry.keys.rotations import announced
from registry.web.context import actor, running


@dataclass(frozen=True, slots=True)
class Signing:
    """`typ` is None where nothing is signed and the tag alone is sent."""

    typ: str | None
    claims: str = field(repr=False)  # JSON
    send_url: str
    account: str
    kids: str
    key_id: str
    public_key: str
    fields: str
    words: str | None = field(repr=False)  # JSON of the report that is countersigned
    digest: str | None


def signing(
    session: Session,
    *,
    typ: str | None,
    claims: Mapping[str, Any],
    send_url: str,
    fields: str = "",
    words: Mapping[str, Any] | None = None,
    digest: bytes | None = None,
) -> Signing:
    keys = announced(session, running().holder.public())
    return Signing(
        typ=typ,
        claims=_text(claims),
        send_url=send_url,
        account=actor().id,
        kids=" ".join(key.kid for key in of_account(session, actor().id)),
        key_id=keys.key_id,
        public_key=base64url.encode(keys.public),
        fields=fields,
        words=None if words is None else _text(words),
        digest=None if digest is None else base64url.encode(digest),
    )


def standard(now: datetime) -> dict[str, Any]:
    """The claims that every statement has."""
    return {"iss": actor().member_id, "aud": running().issuer, "jti": new_id(), "iat": int(now.timestamp())}


def _text(claims: Mapping[str, Any]) -> str:
    return json.dumps(claims, ensure_ascii=False, indent=1, sort_keys=True)
