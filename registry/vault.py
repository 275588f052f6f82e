"""Envelope encryption of bytes: AES-256-GCM, each ciphertext bound to its one place.

    sealed = nonce[12] || ciphertext || tag[16]
    AAD    = lp("zilu/vault/v1") lp(table) lp(row) lp(column)        for values
             lp("zilu/wrap/v1") lp(case)                             for keys      lp(x) = u32be length || UTF-8

A value that was moved to another row, column or table, or opened with another key, does not open. Nonces are
random: one key seals at most 2^32 values (NIST SP 800-38D section 8.3), far more than one case has.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import Invalid, ZiluError

KEY_SIZE = 32
OVERHEAD = 28  # bytes that sealing adds
_NONCE = 12


class CannotOpen(ZiluError):
    """What is stored is damaged, stands in the wrong place, or its key is gone. Never the caller's typing."""

    code = "vault-cannot-open"


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_SIZE)


def seal(key: bytes, plaintext: bytes, *, table: str, row: str, column: str) -> bytes:
    """`plaintext` for this one place, 28 bytes longer; Invalid for a key of another size or a place without name."""
    return _seal(key, plaintext, _place(table=table, row=row, column=column))


def open_sealed(key: bytes, sealed: bytes, *, table: str, row: str, column: str) -> bytes:
    """The plaintext; CannotOpen when the key, the place or any bit is another than when it was sealed."""
    return _open(key, sealed, _place(table=table, row=row, column=column))


def wrap(kek: bytes, key: bytes, *, case: str) -> bytes:
    """A case's 32-byte key under the key-encryption key `kek`, for this case only: 60 bytes."""
    return _seal(kek, _sized(key), _bound("zilu/wrap/v1", case=case))


def unwrap(kek: bytes, wrapped: bytes, *, case: str) -> bytes:
    """The case's key; CannotOpen when `kek` or the case is another, or a bit was changed."""
    return _open(kek, wrapped, _bound("zilu/wrap/v1", case=case))


def _place(*, table: str, row: str, column: str) -> bytes:
    return _bound("zilu/vault/v1", table=table, row=row, column=column)


def _bound(purpose: str, **names: str) -> bytes:
    """Length-prefixed, so that no two places share one encoding."""
    for kind, name in names.items():
        if not name:  # a row that has no id yet would share its place with every other such row
            raise Invalid(f"{kind} must be named before anything is sealed for it", field=kind)
    parts = [part.encode() for part in (purpose, *names.values())]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_sized(key)).encrypt(nonce, plaintext, aad)


def _open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    if len(sealed) >= OVERHEAD:
        try:
            return AESGCM(_sized(key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], aad)
        except InvalidTag:
            pass
    raise CannotOpen("what is stored here cannot be opened: it was altered, moved, or sealed under another key")


def _sized(key: bytes) -> bytes:
    # AESGCM would take 16 bytes as well, and be AES-128.
    if len(key) != KEY_SIZE:
        raise Invalid(f"key must be {KEY_SIZE} bytes", field="key")
    return key
