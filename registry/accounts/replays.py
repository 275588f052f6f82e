"""Idempotency-Key: a retry finds what the first request made.

A row binds account and key to an HMAC of the request and to the id of what it made. The answer itself is not kept:
it is made again from the rows, byte for byte, since Ed25519 signs deterministically.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.accounts.models import Replay
from registry.db import Session
from registry.errors import Invalid
from registry.log.actions import record

_KEY = re.compile(r"[\x21-\x7e]{1,64}")


def found(session: Session, *, account_id: str, key: str | None, body: bytes) -> str | None:
    """The id of what the same request made before; None when it is new or carries no key.

    Invalid when the key was used for another request. `body` is the request in canonical form.
    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid("Idempotency-Key must be 1 to 64 printable ASCII characters", field="Idempotency-Key")
    named = session.keyring.alias("replay", key)
    row = session.scalar(sa.select(Replay).where(Replay.account_id == account_id, Replay.key == named))
    if row is None:
        return None
    if not hmac.compare_digest(row.body, _digest(session, body)):
        raise Invalid(
            "this Idempotency-Key was used for another request; choose a new one",
            field="Idempotency-Key",
            code="idempotency-key-reused",
        )
    return row.made


def remember(session: Session, *, account_id: str, key: str | None, body: bytes, made: str, now: datetime) -> None:
    """To be called before the act is recorded, in the transaction that made `made`.

    Of two requests at once with one key, the unique key lets one commit.
    """
    if key is not None:
        named = session.keyring.alias("replay", key)
        session.add(Replay(account_id=account_id, key=named, body=_digest(session, body), made=made, at=now))


def _digest(session: Session, body: bytes) -> bytes:
    return hmac.digest(session.keyring.pepper, b"zilu/replay/v1" + body, "sha256")


def sweep(session: Session, *, now: datetime) -> int:
    """Forget keys older than a day; returns how many."""
    old = list(session.scalars(sa.select(Replay).where(Replay.at <= now - policy.IDEMPOTENCY_LIFE).limit(500)))
    for row in old:
        session.delete(row)
    if old:
        record(session, "replay.sweep", actor="system:sweep", now=now, facts={"rows": len(old)})
    return len(old)
