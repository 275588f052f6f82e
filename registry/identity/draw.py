"""The draw of a panel, which nobody can steer and everybody can repeat.

1. The admission act fixes the case and the root of the sorted pool of eligible panelists.
2. The subject's page sends a 32-byte nonce after that act was witnessed.
3. m = SHA-256("zilu-draw/v1" ‖ case ‖ admission leaf hash ‖ pool root ‖ nonce).
4. The holder of the draw key signs one m a case ever: V = k_d·H(m), with its proof.
5. seed = SHA-512("zilu-draw-seed/v1" ‖ m ‖ V) ranks the pool by HMAC; the first of distinct members sit.

Who fixes the pool does not know V; who knows k_d does not know the nonce in time; only one V fits.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from registry.errors import Invalid

from . import voprf
from .voprf import KeyPair

SEATS = 3
HASH_SIZE = NONCE_SIZE = 32


@dataclass(frozen=True, slots=True, order=True)
class Panelist:
    """A person of the roster and the member whose conflicts they share."""

    id: str
    member: str

    @property
    def line(self) -> bytes:
        """The form that is hashed."""
        return f"{self.id}\0{self.member}".encode()


class Drawn(NamedTuple):
    """V (32 bytes) and the proof (64) that it is the only value which the draw key gives for m."""

    v: bytes
    proof: bytes


def pool_root(pool: Iterable[Panelist]) -> bytes:
    """Merkle root (RFC 6962, section 2.1) over the sorted lines of the pool; its order does not matter."""
    return _root(sorted(panelist.line for panelist in _distinct(pool)))


def message(*, case_number: str, admission_leaf_hash: bytes, pool_root: bytes, nonce: bytes) -> bytes:
    """m of step 3, 32 bytes. Only the case number varies in length, so no two draws share an encoding."""
    fixed = (("admission_leaf_hash", admission_leaf_hash), ("pool_root", pool_root), ("nonce", nonce))
    for name, value in fixed:
        if len(value) != HASH_SIZE:
            raise Invalid(f"The {name} must be {HASH_SIZE} bytes.", field=name)
    return hashlib.sha256(b"zilu-draw/v1" + case_number.encode() + admission_leaf_hash + pool_root + nonce).digest()


def draw(pair: KeyPair, m: bytes) -> Drawn:
    """V and its proof, step 4: for the draw-key holder only."""
    evaluated = voprf.blind_evaluate_batch(pair, [voprf.hash_to_group(m)])
    return Drawn(evaluated.elements[0], evaluated.proof)


def verify_draw(*, draw_public: bytes, m: bytes, drawn: Drawn) -> None:
    """Refuse (Invalid) a V that the draw key did not give for m."""
    voprf.verify_proof(draw_public, [voprf.hash_to_group(m)], [drawn.v], drawn.proof)


def seed(m: bytes, v: bytes) -> bytes:
    """The 64 bytes that decide the ranks, step 5. Call `verify_draw` first."""
    return hashlib.sha512(b"zilu-draw-seed/v1" + m + v).digest()


def rank(seed: bytes, pool: Iterable[Panelist]) -> list[Panelist]:
    """The pool by HMAC-SHA-256 of each line under the seed, lowest first."""
    return sorted(_distinct(pool), key=lambda panelist: hmac.digest(seed, panelist.line, "sha256"))


def seat(ranked: Sequence[Panelist], *, seats: int = SEATS, exclude: Collection[str] = frozenset()) -> list[Panelist]:
    """The first panelists of distinct members; `exclude` holds the ids of those who cannot sit after all.

    Excluding one who was seated puts one replacement on the panel and leaves the others where they are.
    Raises Invalid (field "pool") when the pool has too few members.
    """
    seated: dict[str, Panelist] = {}
    for panelist in ranked:
        if panelist.id not in exclude and len(seated) < seats:
            seated.setdefault(panelist.member, panelist)
    if len(seated) < seats:
        raise Invalid(
            f"The pool must have panelists of {seats} different members.", field="pool", code="pool-too-small"
        )
    return list(seated.values())


def _distinct(pool: Iterable[Panelist]) -> list[Panelist]:
    panelists = list(pool)
    if any("\0" in panelist.id + panelist.member for panelist in panelists):
        raise Invalid("The ids in the pool must not have a NUL character.", field="pool")
    if not panelists or len({panelist.id for panelist in panelists}) != len(panelists):
        raise Invalid("The pool must have at least one panelist and no id twice.", field="pool")
    return panelists


def _root(lines: Sequence[bytes]) -> bytes:
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    split = 1 << (len(lines) - 1).bit_length() - 1  # the largest power of two below the size
    return hashlib.sha256(b"\x01" + _root(lines[:split]) + _root(lines[split:])).digest()
