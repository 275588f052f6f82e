"""The registry's own public keys, and the hash of its page's programs, as clear leaves: what a client pins is public.

    {"key_id", "public", "suite", "use": "identity"}       {"jwk", "use": "receipt"}       {"use": "log", "vkey"}
    {"sha256", "use": "page"}      over the name, a zero byte, the SHA-256 of each file, in the order of the names

A registry that shows one client another key than the rest must either leave it out of the log, and then the client
refuses it, or log it for everybody to see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import rfc8785
import sqlalchemy as sa

from registry import base64url
from registry.db import Session
from registry.errors import Unavailable
from registry.log.actions import record
from registry.log.models import Act, LeafType
from registry.log.queries import prove_all
from registry.signing import keys
from registry.signing.keys import PublicKey

SUITE = "ristretto255-SHA512"
Clear = Mapping[str, Any]


def identity(key_id: str, public: bytes) -> Clear:
    return {"use": "identity", "suite": SUITE, "key_id": key_id, "public": base64url.encode(public)}


def receipt(key: PublicKey) -> Clear:
    return {"use": "receipt", "jwk": keys.to_jwk(key)}


def log(vkey: str) -> Clear:
    return {"use": "log", "vkey": vkey}


def page(programs: Mapping[str, bytes]) -> Clear:
    """What the browser runs: each file by its name."""
    digest = hashlib.sha256()
    for name in sorted(programs):
        digest.update(name.encode() + b"\0" + hashlib.sha256(programs[name]).digest())
    return {"use": "page", "sha256": base64url.encode(digest.digest())}


def publish(session: Session, clears: Sequence[Clear], now: datetime) -> int:
    """Log those that are not logged yet; returns how many."""
    new = [clear for clear in clears if _act(session, clear) is None]
    for clear in new:
        record(
            session, "key.publish", actor="system:log", now=now, uid=_uid(clear), type=LeafType.KEY, clear=dict(clear)
        )
    return len(new)


def are_logged(session: Session, clears: Sequence[Clear]) -> bool:
    return all(_act(session, clear) is not None for clear in clears)


def proofs(session: Session, clears: Sequence[Clear]) -> list[tuple[bytes, str]]:
    """Entry and tlog-proof of each; Unavailable until all are public."""
    acts = [act for clear in clears if (act := _act(session, clear)) is not None]
    found = [each for each in prove_all(session, acts) if each is not None]
    if len(found) != len(clears):
        raise Unavailable("the registry's keys do not stand in its log yet; try again in a moment", retry_after=1)
    return found


def _act(session: Session, clear: Clear) -> Act | None:
    return session.scalar(sa.select(Act).where(Act.uid == _uid(clear)))


def _uid(clear: Clear) -> str:
    """The uid of the act that publishes it: made of the key, so that there is one, and it is found at once."""
    return hashlib.sha256(b"zilu/own-key/v1\0" + rfc8785.dumps(dict(clear))).hexdigest()[:32]
