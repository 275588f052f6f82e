"""Ed25519 keys: as JWK (RFC 8037), by thumbprint (RFC 7638), as a PKCS #8 PEM file of mode 0600."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry import base64url
from registry.errors import Conflict, Invalid

from .canonical import dumps

PrivateKey = Ed25519PrivateKey
PublicKey = Ed25519PublicKey

_MAX_PEM = 4096
_P = 2**255 - 19
# y of the points of order 1, 2, 4 and 8. Under such a key anyone can make a signature that fits many messages,
# and its owner could deny every one.
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})
_FIXED = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}


def fingerprint(kid: str) -> str:
    """The first 16 bytes of a thumbprint in groups of four hexadecimal digits: to be read out, and compared."""
    digits = base64url.decode(kid, field="kid", size=32)[:16].hex()
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


def generate() -> PrivateKey:
    return Ed25519PrivateKey.generate()


def raw(key: PublicKey) -> bytes:
    """The 32 bytes of RFC 8032 section 5.1.2."""
    return key.public_bytes_raw()


def from_raw(data: bytes, *, field: str = "key") -> PublicKey:
    """The key of 32 bytes; Invalid for another length, a second encoding of a point, or a point of small order."""
    y = int.from_bytes(data, "little") & (2**255 - 1)
    if len(data) != 32 or y >= _P or y in _SMALL_ORDER_Y:
        raise _not_public(field)
    return Ed25519PublicKey.from_public_bytes(data)


def to_jwk(key: PublicKey) -> dict[str, str]:
    """RFC 8037 section 2: `crv`, `kty`, `x` and nothing else, so that its JCS is what the thumbprint hashes."""
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(raw(key))}


def from_jwk(jwk: Mapping[str, object], *, field: str = "key") -> PublicKey:
    """The key of a public JWK; `kid`, `use` and `alg` may stand in it if they are right, private parts may not."""
    x = jwk.get("x")
    if not {"kty", "crv", "x"} <= jwk.keys() <= {"kty", "crv", "x", "kid", "use", "alg"}:
        raise _not_public(field)
    if not isinstance(x, str) or any(jwk.get(name, right) != right for name, right in _FIXED.items()):
        raise _not_public(field)
    key = from_raw(base64url.decode(x, field=field, size=32), field=field)
    if jwk.get("kid", kid := thumbprint(key)) != kid:
        raise Invalid(f"{field} must carry its RFC 7638 thumbprint as kid, or none", field=field)
    return key


def thumbprint(key: PublicKey) -> str:
    """RFC 7638 over SHA-256, base64url: 43 characters."""
    return base64url.encode(hashlib.sha256(dumps(to_jwk(key))).digest())


def verify_signature(key: PublicKey, *, signature: bytes, message: bytes) -> None:
    """Raise Invalid unless `signature` (64 bytes) is the key's own over `message` (RFC 8032 section 5.1.7)."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise Invalid(
            "signature does not fit the statement and the key", field="signature", code="signature-wrong"
        ) from None


def to_pem(key: PrivateKey) -> bytes:
    """PKCS #8, unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def from_pem(data: bytes, *, field: str = "key") -> PrivateKey:
    """The Ed25519 key of a PKCS #8 PEM; one Invalid for whatever else is handed in."""
    try:
        key = serialization.load_pem_private_key(data[:_MAX_PEM], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # damaged, encrypted, or of a kind the library lacks
        raise _not_private(field) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_private(field)
    return key


def load(path: Path, *, field: str = "key") -> PrivateKey:
    """The private key in a file that only its owner may read or write; Invalid names the file and what is wrong."""
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(_MAX_PEM)
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror})", field=field) from None
    if mode & 0o077:
        raise Invalid(f"{path} is open to others; make it readable by its owner only (chmod 600)", field=field)
    return from_pem(data, field=field)


def store(path: Path, key: PrivateKey, *, field: str = "key") -> None:
    """Write a new file of mode 0600, on disk when this returns. An existing file is never replaced (Conflict)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"{path} exists already; name a new file", field=field) from None
    except OSError as error:
        raise Invalid(f"{path} cannot be written ({error.strerror})", field=field) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(to_pem(key))
        file.flush()
        os.fsync(file.fileno())


def _not_public(field: str) -> Invalid:
    return Invalid(f"{field} must be a public Ed25519 key (JWK of kty OKP, crv Ed25519, x of 32 bytes)", field=field)


def _not_private(field: str) -> Invalid:
    return Invalid(f"{field} must be an unencrypted Ed25519 private key in PKCS #8 PEM", field=field)
