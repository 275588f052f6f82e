"""Strict compact JWS (RFC 7515, RFC 8037). A statement has one reading, or is refused before any key is touched.

    token   = b64u(header) "." b64u(payload) "." b64u(64-byte Ed25519 signature)     ASCII, unpadded, canonical bits
    header  = {"alg": "EdDSA", "kid": RFC 7638 thumbprint, "typ": the kind of statement}   exactly these three
    payload = RFC 8785 JSON object, at most 64 KiB

PyJWT checks the signature, and only after this gate: by itself it accepts duplicate header keys, a `jwk` of the
attacker, and JSON that two readers understand differently.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from registry import base64url
from registry.errors import Invalid

from . import canonical
from .keys import PrivateKey, PublicKey, thumbprint

_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
_KID = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_HEADER = 512

_jws = jwt.PyJWS(algorithms=["EdDSA"])


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says before anyone has looked at its signature: enough to find the key, not to believe it."""

    kid: str
    payload: dict[str, Any]
    payload_bytes: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """A payload whose signature was verified. `digest`, SHA-256 of the payload, is the same under any signature."""

    payload: dict[str, Any]
    kid: str
    digest: bytes


def sign(payload: Mapping[str, Any], *, typ: str, key: PrivateKey) -> str:
    """The token of `payload`; Invalid when the payload is not canonical JSON or is over 64 KiB."""
    data = canonical.dumps(dict(payload))
    if len(data) > canonical.MAX_BYTES:
        raise Invalid(
            f"statement must be at most {canonical.MAX_BYTES} bytes", field="statement", code="statement-too-large"
        )
    headers = {"kid": thumbprint(key.public_key()), "typ": typ}
    return _jws.encode(data, key, algorithm="EdDSA", headers=headers)


def parse(token: str, *, typ: str) -> Unverified:
    """Read a token of kind `typ` without verifying it; Invalid when it is not in the one form allowed."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise _malformed("three base64url segments, the last an Ed25519 signature")
    header, payload, _signature = (_segment(text) for text in match.groups())
    kid = _kid_of(canonical.parse(header, field="signature", limit=_MAX_HEADER), typ=typ)
    return Unverified(kid, canonical.loads(payload), payload)


def verify(token: str, *, typ: str, key_for: Callable[[str], PublicKey]) -> Statement:
    """The statement in `token`, signed by the key that `key_for` has under its `kid`.

    `key_for` raises KeyError (or an error of `registry.errors`) for a key it does not know. Raises Invalid with
    code `key-unknown`, `signature-wrong`, `signature-malformed` or `statement-…`; no message holds any of the token.
    """
    unverified = parse(token, typ=typ)
    key = _key(key_for, unverified.kid)
    try:
        _jws.decode_complete(token, key, algorithms=["EdDSA"])
    except jwt.PyJWTError:
        raise Invalid(
            "signature does not fit the statement and the key", field="signature", code="signature-wrong"
        ) from None
    return Statement(unverified.payload, unverified.kid, hashlib.sha256(unverified.payload_bytes).digest())


def _segment(text: str) -> bytes:
    try:
        return base64url.decode(text, field="signature")
    except Invalid:
        raise _malformed("canonical base64url without padding") from None


def _kid_of(header: Mapping[str, object], *, typ: str) -> str:
    kid = header.get("kid")
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != "EdDSA":
        raise _malformed("a header of exactly alg, kid and typ, with alg EdDSA")
    if header["typ"] != typ:
        raise Invalid(f"statement must be of typ {typ}", field="signature", code="statement-kind")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise _malformed("a kid that is the RFC 7638 thumbprint of the key")
    return kid


def _key(key_for: Callable[[str], PublicKey], kid: str) -> PublicKey:
    try:
        key = key_for(kid)
    except KeyError:
        key = None
    # A caller that finds keys by another name than their thumbprint would let a signer choose whose key is used.
    if key is None or thumbprint(key) != kid:
        raise Invalid(
            "signature is by a key that is not known here; enrol it first", field="signature", code="key-unknown"
        )
    return key


def _malformed(wanted: str) -> Invalid:
    return Invalid(f"signature must be compact JWS with {wanted}", field="signature", code="signature-malformed")
