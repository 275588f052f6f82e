"""A signed copy of a file, to be kept: JSON or PDF, verified offline with the registry's receipt key.

typ     copy+jwt
payload {"iss", "aud": the case number, "jti", "iat", "sha256": base64url SHA-256 of what is signed}
JSON    {"document": …, "signature": token}            signed is the JCS of the document
PDF     the file, then one line "%zilu-copy: " token   signed is every byte before that line; readers skip it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from registry import base64url
from registry.errors import Invalid

from . import canonical, jws
from .claims import STANDARD, encoded, verify_claims, verify_value
from .keys import PrivateKey, PublicKey

TYP: Final = "copy+jwt"
_MARK: Final = b"\n%zilu-copy: "
_RULES: Final = {**STANDARD, "sha256": encoded(32)}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as the registry signed it."""

    issuer: str
    case: str
    at: datetime


def sign_document(
    document: Mapping[str, Any], *, issuer: str, case: str, jti: str, now: datetime, key: PrivateKey
) -> bytes:
    """The document with its signature, as JSON for people: indented, in any script."""
    token = _sign(canonical.dumps(dict(document), field="document"), issuer, case, jti, now, key)
    return json.dumps({"document": document, "signature": token}, ensure_ascii=False, indent=1).encode() + b"\n"


def sign_pdf(pdf: bytes, *, issuer: str, case: str, jti: str, now: datetime, key: PrivateKey) -> bytes:
    return pdf + _MARK + _sign(pdf, issuer, case, jti, now, key).encode() + b"\n"


def verify(data: bytes, *, key_for: Callable[[str], PublicKey]) -> Copy:
    """What was signed, if nothing of it was changed. Invalid with code `copy-altered`, or as `jws.verify` says."""
    signed, token = _from_pdf(data) if data.startswith(b"%PDF-") else _from_json(data)
    payload = jws.verify(token, typ=TYP, key_for=key_for).payload
    verify_claims(payload, _RULES)
    try:
        verify_value(payload, "sha256", _digest(signed))
    except Invalid:
        raise Invalid("the copy is not what the registry signed: it was changed", code="copy-altered") from None
    return Copy(payload["iss"], payload["aud"], datetime.fromtimestamp(payload["iat"], UTC))


def _sign(data: bytes, issuer: str, case: str, jti: str, now: datetime, key: PrivateKey) -> str:
    payload = {"iss": issuer, "aud": case, "jti": jti, "iat": int(now.timestamp()), "sha256": _digest(data)}
    return jws.sign(payload, typ=TYP, key=key)


def _digest(data: bytes) -> str:
    return base64url.encode(hashlib.sha256(data).digest())


def _from_pdf(data: bytes) -> tuple[bytes, str]:
    signed, mark, token = data.rpartition(_MARK)
    if not mark or not token.isascii():
        raise _no_copy()
    return signed, token.decode().rstrip("\n")


def _from_json(data: bytes) -> tuple[bytes, str]:
    try:
        whole = json.loads(data)
        return canonical.dumps(whole["document"], field="document"), str(whole["signature"])
    except (ValueError, KeyError, TypeError, RecursionError, Invalid):
        raise _no_copy() from None


def _no_copy() -> Invalid:
    return Invalid("the file is no signed copy, neither as JSON nor as PDF", code="copy-malformed")
