"""The public leaf, and the commitment in it.

    leaf = JCS {"c": b64url of 32 bytes, "t": unix seconds, "type": act | key | snapshot | erasure, "v": 1}
           of type key also {"key": a public key in the clear, as an object with its "use"}
    c    = HMAC-SHA256(salt, "zilu/leaf/v1" || 0x00 || type || 0x00 || SHA-256(record))        salt: 32 random bytes

Without the salt nobody can try out what a leaf says, however few the possibilities; a destroyed salt makes it mute for
good. No name, number, tag, hash of personal data or signature stands in a leaf.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registry import base64url
from registry.errors import Invalid
from registry.signing import canonical
from registry.signing.claims import OBJECT, SECONDS, encoded, exactly, identifier, verify_claims, whole

MAX_BYTES = 1024
SALT_SIZE = 32
COMMITMENT = 32  # bytes
TYPES = ("act", "erasure", "key", "snapshot")

_RULES = {"c": encoded(COMMITMENT), "t": SECONDS, "type": exactly(*TYPES), "v": whole(1, 1)}
_EPOCH = datetime.fromtimestamp(0, UTC)
_PRIVATE = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})  # RFC 7518 section 6: never in a public key


@dataclass(frozen=True, slots=True)
class Leaf:
    """`at` in whole seconds. `key` is there for the type `key` and no other."""

    commitment: bytes
    at: datetime
    type: str
    key: Mapping[str, Any] | None = None


def commit(salt: bytes, type: str, record: bytes) -> bytes:
    """The commitment to `record` under a salt of 32 bytes; `type` is the leaf's public type."""
    if len(salt) != SALT_SIZE or type not in TYPES:
        raise Invalid(f"a commitment takes a salt of {SALT_SIZE} bytes and a public type", field="salt")
    message = b"zilu/leaf/v1\0" + type.encode() + b"\0" + hashlib.sha256(record).digest()
    return hmac.digest(salt, message, "sha256")


def encode(leaf: Leaf) -> bytes:
    """The entry that is hashed into the tree, at most 1,024 bytes; Invalid when a part may not stand in it."""
    if leaf.key is None and leaf.type == "act" and len(leaf.commitment) == COMMITMENT and leaf.at >= _EPOCH:
        return _plain(leaf)
    obj: dict[str, Any] = {
        "c": base64url.encode(leaf.commitment),
        "t": int(leaf.at.timestamp()),
        "type": leaf.type,
        "v": 1,
    }
    if leaf.key is not None:
        obj["key"] = dict(leaf.key)
    data = canonical.dumps(obj, field="leaf")
    parse(data)
    return data


def _plain(leaf: Leaf) -> bytes:
    """Nearly all leaves are of this shape, in which nothing can go wrong: the JCS of it, written down."""
    return f'{{"c":"{base64url.encode(leaf.commitment)}","t":{int(leaf.at.timestamp())},"type":"act","v":1}}'.encode()


def parse(data: bytes) -> Leaf:
    """The leaf of an entry; Invalid unless it is in the one form allowed."""
    obj = canonical.loads(data, field="leaf", limit=MAX_BYTES)
    verify_claims(obj, _RULES | ({"key": OBJECT} if obj.get("type") == "key" else {}), within="leaf")
    if "key" in obj:
        _verify_key(obj["key"])
    return Leaf(
        base64url.decode(obj["c"], field="c"), datetime.fromtimestamp(obj["t"], UTC), obj["type"], obj.get("key")
    )


def verify_opening(leaf: Leaf, *, salt: bytes, record: bytes) -> None:
    """Raise Invalid unless the leaf commits to `record` under `salt`."""
    if not hmac.compare_digest(commit(salt, leaf.type, record), leaf.commitment):
        raise Invalid("opening does not fit the leaf's commitment", field="opening", code="leaf-opening")


def _verify_key(key: Mapping[str, Any]) -> None:
    if not identifier(64).accepts(key.get("use")):
        raise Invalid("leaf.key must name its use", field="leaf.key", code="claim-missing")
    inner = [key, *(value for value in key.values() if isinstance(value, dict))]
    if any(_PRIVATE & part.keys() for part in inner):
        raise Invalid("leaf.key must be public; it has a private part", field="leaf.key", code="leaf-private-key")
