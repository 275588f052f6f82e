"""The rotation of the identity key k to k': k' = ρ·k in a file of its own beside k's, and ρ in no file at all.

    identity.key         k, and the other three keys
    identity.key.next    k', and the same other three, under the same passphrase; while a rotation goes on

    begin    identity.key.next is made, or is there already
    move     N = k·H  →  N' = ρ·N = k'·H, with one RFC 9497 proof under ρ·B for (k·B, k'·B) and every pair
    retire   identity.key.next takes the place of identity.key: from then on nobody has k, and ρ cannot be computed

Every step is one rename or one link: whoever is killed between two finds the file before or the file after.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from registry.errors import Conflict, Invalid
from registry.identity import group, voprf
from registry.identity.voprf import KeyPair
from registry.keys.holder import HolderKeys
from registry.private_files import sync_folder

from .keyfile import open_key_file, write_key_file


class Succession:
    """The present identity key and the next one, if there is one. Safe for many threads."""

    def __init__(self, key_file: Path, passphrase: str) -> None:
        self._key_file = key_file
        self._passphrase = passphrase
        self._lock = threading.Lock()
        self._present = open_key_file(key_file, passphrase).identity
        self._next = self._read_next()

    @property
    def pairs(self) -> tuple[KeyPair, ...]:
        """The present key, and the next one."""
        return (self._present,) if self._next is None else (self._present, self._next)

    def begin(self) -> KeyPair:
        """The next key; it is on disk before anybody hears of it."""
        with self._lock:
            if self._next is None:
                keys = open_key_file(self._key_file, self._passphrase)
                fresh = replace(keys, identity=KeyPair.of(group.scalar_random()))
                with suppress(Conflict):  # another process on the same files was first
                    write_key_file(next_file(self._key_file), fresh.secret, self._passphrase)
                self._next = self._read_next()
            return self.require()

    def require(self) -> KeyPair:
        """The next key; Conflict when no rotation goes on."""
        if self._next is None:
            raise Conflict("No rotation goes on; begin one.", field="key_id", code="no-rotation")
        return self._next

    def ratio(self) -> KeyPair:
        """ρ = k'/k, computed anew every time."""
        inverse = group.scalar_invert(self._present.private)
        return KeyPair.of(group.scalar_multiply(self.require().private, inverse))

    def move(self, found: Sequence[bytes]) -> tuple[tuple[bytes, ...], bytes]:
        """The tags under the next key, and the proof whose first pair is the two public keys."""
        evaluated = voprf.blind_evaluate_batch(self.ratio(), [self._present.public, *found])
        return evaluated.elements[1:], evaluated.proof

    def _read_next(self) -> KeyPair | None:
        path = next_file(self._key_file)
        return open_key_file(path, self._passphrase).identity if path.exists() else None


def next_file(key_file: Path) -> Path:
    return key_file.with_name(key_file.name + ".next")


def retire(key_file: Path, passphrase: str, key_id: str) -> HolderKeys:
    """Put the next key in the place of the present one, which nobody has from then on.

    Conflict without a next key; Invalid unless `key_id` names it, so that nobody does it by mistake.
    """
    path = next_file(key_file)
    if not path.exists():
        raise Conflict("No rotation goes on; there is no next key.", field="key_file", code="no-rotation")
    public = open_key_file(path, passphrase).public  # before anything is lost: it opens
    if public.key_id != key_id:
        raise Invalid("key_id must be the new key's, as zilu keys rotate-identity names it.", field="key_id")
    with key_file.open("r+b") as old:  # held open, to overwrite what the rename frees, where the disk allows it
        length = len(old.read())
        path.replace(key_file)
        sync_folder(key_file.parent)
        old.seek(0)
        old.write(bytes(length))
    return public
