"""The holder's four private keys in one file, sealed under a passphrase.

    {"zilu_key_file": 1, "salt": b64u(16), "nonce": b64u(12), "sealed": b64u(4 × 32 + 16)}

    key    = scrypt(passphrase, salt, N = 2^15, r = 8, p = 1), 32 bytes            RFC 7914
    sealed = AES-256-GCM(key, nonce, identity ‖ draw ‖ ticket ‖ sealing, "zilu/key-file/v1")

The parameters belong to version 1 and are not read from the file, so that nobody can weaken them there.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry import base64url
from registry.errors import Invalid
from registry.identity import group
from registry.identity.voprf import KeyPair
from registry.keys.holder import HolderKeys, key_id
from registry.private_files import write_new

SHORTEST_PASSPHRASE = 12

_VERSION = 1
_CONTEXT = b"zilu/key-file/v1"
_SALT_SIZE, _NONCE_SIZE, _KEY_SIZE, _TAG_SIZE = 16, 12, 32, 16
_MAX_FILE = 4096


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything private that the holder has."""

    identity: KeyPair
    draw: KeyPair
    ticket: Ed25519PrivateKey = field(repr=False)
    sealing: X25519PrivateKey = field(repr=False)

    @property
    def secret(self) -> bytes:
        """All four, as the file seals them and a backup splits them."""
        return (
            self.identity.private
            + self.draw.private
            + self.ticket.private_bytes_raw()
            + self.sealing.private_bytes_raw()
        )

    @property
    def public(self) -> HolderKeys:
        """What everybody may know."""
        return HolderKeys(
            key_id=key_id(self.identity.public),
            public=self.identity.public,
            draw_public=self.draw.public,
            ticket_public=self.ticket.public_key().public_bytes_raw(),
            sealing_public=self.sealing.public_key().public_bytes_raw(),
        )


def create_key_file(path: Path, passphrase: str) -> HolderKeys:
    """Make new keys and write them to a new file of mode 0600, on disk when this returns.

    Raises Conflict when the file exists (it is never replaced), Invalid when it cannot be written or the
    passphrase has fewer than 12 characters.
    """
    secret = (group.scalar_random(), group.scalar_random(), secrets.token_bytes(32), secrets.token_bytes(32))
    return write_key_file(path, b"".join(secret), passphrase)


def write_key_file(path: Path, secret: bytes, passphrase: str) -> HolderKeys:
    """As `create_key_file`, with keys that are there already, such as those of a backup."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Invalid(f"The passphrase must have at least {SHORTEST_PASSPHRASE} characters.", field="passphrase")
    keys = _keys(secret)
    write_new(path, json.dumps(_seal(secret, passphrase)).encode() + b"\n", field="key_file")
    return keys.public


def open_key_file(path: Path, passphrase: str) -> Keys:
    """The keys in the file; one Invalid (field "key_file") says whether it cannot be read or cannot be opened."""
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(_MAX_FILE)
    except OSError as error:
        raise Invalid(f"The key file cannot be read ({error.strerror}).", field="key_file") from None
    if mode & 0o077:
        raise Invalid("The key file must be readable by its owner only (chmod 600).", field="key_file")
    try:
        return _keys(_unseal(json.loads(data), passphrase))
    except (InvalidTag, ValueError, TypeError, LookupError, RecursionError, Invalid):
        raise Invalid(
            "The key file does not open: the passphrase is wrong, or the file is damaged or of another version.",
            field="key_file",
        ) from None


def _keys(secret: bytes) -> Keys:
    identity, draw, ticket, sealing = (secret[at : at + _KEY_SIZE] for at in range(0, 4 * _KEY_SIZE, _KEY_SIZE))
    return Keys(
        identity=KeyPair.of(identity),
        draw=KeyPair.of(draw),
        ticket=Ed25519PrivateKey.from_private_bytes(ticket),
        sealing=X25519PrivateKey.from_private_bytes(sealing),
    )


def _seal(secret: bytes, passphrase: str) -> dict[str, object]:
    salt, nonce = secrets.token_bytes(_SALT_SIZE), secrets.token_bytes(_NONCE_SIZE)
    sealed = AESGCM(_derive(passphrase, salt)).encrypt(nonce, secret, _CONTEXT)
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    return {"zilu_key_file": _VERSION, **{name: base64url.encode(part) for name, part in parts.items()}}


def _unseal(parts: dict[str, Any], passphrase: str) -> bytes:
    if parts["zilu_key_file"] != _VERSION:
        raise ValueError("another version")
    sizes = {"salt": _SALT_SIZE, "nonce": _NONCE_SIZE, "sealed": 4 * _KEY_SIZE + _TAG_SIZE}
    salt, nonce, sealed = (base64url.decode(parts[name], field="key_file", size=size) for name, size in sizes.items())
    return AESGCM(_derive(passphrase, salt)).decrypt(nonce, sealed, _CONTEXT)


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY_SIZE, n=2**15, r=8, p=1).derive(passphrase.encode())
