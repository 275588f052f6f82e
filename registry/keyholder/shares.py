"""A split backup of the key file's secret: any two of three shares give it back, one alone says nothing.

{"zilu_key_share": 1, "set": b64u(8), "number": 1 | 2 | 3, "share": b64u(160), "check": b64u(8)}

p      = 2^1279 - 1, a prime
line   = the secret and its checksum as a number below p, plus number × slope, with a random slope mod p
share  = the line at `number`                          Shamir, How to share a secret, CACM 22 (1979), threshold 2
check  = the first 8 bytes of SHA-256 of the rest: a share that was copied wrongly is named
secret = 4 × 32 bytes; its checksum is the first 8 bytes of SHA-256("zilu/key-share/v1" ‖ secret)
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from registry import base64url
from registry.errors import Invalid

SHARES = 3
NEEDED = 2

_PRIME = 2**1279 - 1
_SHARE_SIZE = 160
_SECRET_SIZE = 128
_SUM_SIZE = 8
_SET_SIZE = 8
_MAX_FILE = 4096


@dataclass(frozen=True, slots=True)
class Share:
    """One point of the line; `set` is common to the shares of one split."""

    set: bytes
    number: int
    value: int = field(repr=False)

    def encode(self) -> bytes:
        """The share's file."""
        value = base64url.encode(self.value.to_bytes(_SHARE_SIZE, "big"))
        parts = {"zilu_key_share": 1, "set": base64url.encode(self.set), "number": self.number, "share": value}
        return json.dumps({**parts, "check": _check(parts)}, indent=1).encode() + b"\n"


def split(secret: bytes) -> list[Share]:
    """Three shares of 128 secret bytes."""
    at_zero = int.from_bytes(secret + _sum(secret), "big")
    slope, set_id = secrets.randbelow(_PRIME), secrets.token_bytes(_SET_SIZE)
    return [Share(set_id, number, (at_zero + number * slope) % _PRIME) for number in range(1, SHARES + 1)]


def combine(shares: Sequence[Share]) -> bytes:
    """The secret; Invalid (field "share") unless two different shares of one split are given."""
    if len(shares) != NEEDED or shares[0].set != shares[1].set or shares[0].number == shares[1].number:
        raise Invalid("Two different shares of one split are needed.", field="share")
    (x1, y1), (x2, y2) = ((share.number, share.value) for share in shares)
    at_zero = (y1 * x2 - y2 * x1) * pow(x2 - x1, -1, _PRIME) % _PRIME
    data = at_zero.to_bytes(_SHARE_SIZE, "big")[-_SECRET_SIZE - _SUM_SIZE :]
    secret, checksum = data[:_SECRET_SIZE], data[_SECRET_SIZE:]
    if int.from_bytes(data, "big") != at_zero or _sum(secret) != checksum:
        raise Invalid("The two shares give no key: one of them was altered.", field="share")
    return secret


def read_share(path: Path) -> Share:
    """The share in a file; Invalid (field "share") when it cannot be read or was copied wrongly."""
    try:
        parts = json.loads(path.read_bytes()[:_MAX_FILE])
        check, number = parts.pop("check"), parts["number"]
        set_id = base64url.decode(parts["set"], field="share", size=_SET_SIZE)
        value = int.from_bytes(base64url.decode(parts["share"], field="share", size=_SHARE_SIZE), "big")
        if parts["zilu_key_share"] != 1 or number not in range(1, SHARES + 1) or check != _check(parts):
            raise ValueError
    except OSError as error:
        raise Invalid(f"The share cannot be read ({error.strerror}).", field="share") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, Invalid):
        raise Invalid("The share is damaged, or the file is none.", field="share") from None
    return Share(set_id, int(number), value)


def _sum(secret: bytes) -> bytes:
    return hashlib.sha256(b"zilu/key-share/v1" + secret).digest()[:_SUM_SIZE]


def _check(parts: dict[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
    return base64url.encode(digest[:_SUM_SIZE])
