"""What a snapshot says of one tag: listed under this reference, or not listed. The verifier; `absence_tree` proves.

Everything visible at a checkpoint hangs in one sparse Merkle tree of depth 64. SHA-256 throughout:

    label      = SHA-256("zilu/label/v1" 0x00 N)                            N: the tag, 32 bytes
    path       = SHA-256("zilu/absence/v1" 0x00 u64be epoch || label)[:8]   bit 63 chooses at the top: 0 is left
    commitment = HMAC(salt, "zilu/entry/v1" 0x00 label || reference)        salt: 16 bytes; reference: in ASCII

    value of no leaf = 32 zero bytes                of one = SHA-256(0x00 || path || commitment)
          of several = SHA-256(0x01 || value of the left half || value of the right half)

A subtree with one leaf has the value of that leaf at whatever depth, so an absence is shown by an empty place, or by
the other leaf whose place covers the path. Both have one value only, and so has every path under given roots: they
cannot prove a presence and an absence, or two answers, whatever shape of a tree they were made from.

The snapshot's roots are the values of the 16 subtrees at depth 4, in order; they come once for all proofs of a
receipt. A proof leads from the place to one of them:

    kind[1]        0 the place is empty    1 another leaf stands there    2 it stands there
    bitmap[8]      u64be; bit i for a sibling at depth 5 + i that is not empty; the highest is the place's own
    leaf           kind 1: path[8] || commitment[32]                      kind 2: salt[16]
    siblings[32]   one for each bit, the deepest first

With 10^6 entries and as many dummies a proof has some 570 bytes, and hardly ever more than 700 (`docs/absence.md`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from registry.errors import Invalid

VERB = "log.snapshot"  # of the act whose leaf is the snapshot
DEPTH = 64
TOP = 4  # the depth of the roots
ROOTS = 1 << TOP
HASH_SIZE = 32
SALT_SIZE = 16
PATH_SIZE = 8
NOTHING = bytes(HASH_SIZE)
MAX_SIBLINGS = DEPTH - TOP
LONGEST = 1 + PATH_SIZE + PATH_SIZE + HASH_SIZE + 24 * HASH_SIZE
"""Bytes to which proofs are padded where lengths may be seen; one in many millions is longer."""


class Kind(IntEnum):
    EMPTY = 0
    OTHER = 1
    PRESENT = 2


_LEAF_SIZE = {Kind.EMPTY: 0, Kind.OTHER: PATH_SIZE + HASH_SIZE, Kind.PRESENT: SALT_SIZE}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it is written, nothing of it verified. `leaf` is what the kind brings along."""

    kind: Kind
    bitmap: int
    leaf: bytes
    siblings: tuple[bytes, ...]

    @property
    def depth(self) -> int:
        """Of the place: the deepest sibling's, because a place without siblings would be one with its parent."""
        return TOP + self.bitmap.bit_length()

    def encode(self) -> bytes:
        return bytes([self.kind]) + self.bitmap.to_bytes(PATH_SIZE, "big") + self.leaf + b"".join(self.siblings)


def label(tag: bytes) -> bytes:
    """What stands for a tag in the tree; whoever has the tag can compute it, and nobody else."""
    return hashlib.sha256(b"zilu/label/v1\0" + tag).digest()


def path(epoch: int, label: bytes) -> int:
    """Where the label stands. Another epoch puts everything elsewhere."""
    digest = hashlib.sha256(b"zilu/absence/v1\0" + epoch.to_bytes(8, "big") + label).digest()
    return int.from_bytes(digest[:PATH_SIZE], "big")


def commit(salt: bytes, label: bytes, reference: str) -> bytes:
    """The commitment to what is answered about the label; it says nothing without the salt of 16 bytes."""
    if len(salt) != SALT_SIZE:
        raise Invalid(f"salt must be {SALT_SIZE} bytes", field="salt")
    return hmac.digest(salt, b"zilu/entry/v1\0" + label + reference.encode(), "sha256")


def leaf_value(path: int, commitment: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + path.to_bytes(PATH_SIZE, "big") + commitment).digest()


def node_value(left: bytes, right: bytes) -> bytes:
    """Of a subtree with several leaves."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parse(data: bytes) -> Proof:
    """Read a proof without verifying it; Invalid unless it is in the one form allowed."""
    if len(data) < 1 + PATH_SIZE or data[0] not in list(Kind):
        raise _malformed()
    kind, bitmap = Kind(data[0]), int.from_bytes(data[1 : 1 + PATH_SIZE], "big")
    begin = 1 + PATH_SIZE + _LEAF_SIZE[kind]
    siblings = tuple(data[at : at + HASH_SIZE] for at in range(begin, len(data), HASH_SIZE))
    if bitmap >> MAX_SIBLINGS or len(data) != begin + bitmap.bit_count() * HASH_SIZE or NOTHING in siblings:
        raise _malformed()
    return Proof(kind, bitmap, data[1 + PATH_SIZE : begin], siblings)


def verify(data: bytes, *, roots: Sequence[bytes], epoch: int, label: bytes, reference: str | None) -> None:
    """Raise Invalid unless the snapshot says of the label what was answered: `reference`, or None for no entry.

    1. the proof is well formed; 2. it is about the answer that was given (else the code is absence-differs); 3. the
    leaf that it shows stands at or, when it is another's, beside the path; 4. its siblings lead to the path's root.
    """
    proof = parse(data)  # 1
    if (proof.kind is Kind.PRESENT) != (reference is not None):  # 2
        raise Invalid("the snapshot says something else than was answered", field="absence", code="absence-differs")
    at = path(epoch, label)
    value = _value_of_leaf(proof, at, label, reference)  # 3
    for depth, sibling in _upwards(proof):  # 4
        value = node_value(sibling, value) if at >> (DEPTH - depth) & 1 else node_value(value, sibling)
    if len(roots) != ROOTS or not hmac.compare_digest(value, roots[at >> (DEPTH - TOP)]):
        raise _wrong("not a path to the snapshot's root")


def _value_of_leaf(proof: Proof, at: int, label: bytes, reference: str | None) -> bytes:
    if proof.kind is Kind.EMPTY:
        return NOTHING
    if reference is not None:
        return leaf_value(at, commit(proof.leaf, label, reference))
    other = int.from_bytes(proof.leaf[:PATH_SIZE], "big")
    if other == at or (other ^ at) >> (DEPTH - proof.depth):
        raise _wrong("of a leaf whose place does not cover the path")
    return leaf_value(other, proof.leaf[PATH_SIZE:])


def _upwards(proof: Proof) -> Iterator[tuple[int, bytes]]:
    """Every depth from the place's up to below the roots, with its sibling."""
    siblings = iter(proof.siblings)
    for depth in range(proof.depth, TOP, -1):
        yield depth, next(siblings) if proof.bitmap >> (depth - TOP - 1) & 1 else NOTHING


def encode_roots(roots: Sequence[bytes]) -> bytes:
    """The 16 roots after each other, 512 bytes."""
    return b"".join(roots)


def parse_roots(data: bytes) -> tuple[bytes, ...]:
    if len(data) != ROOTS * HASH_SIZE:
        raise Invalid(f"roots must be {ROOTS} values of {HASH_SIZE} bytes", field="roots", code="absence-malformed")
    return tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))


def _malformed() -> Invalid:
    return Invalid("absence proof must be in the form of version 1", field="absence", code="absence-malformed")


def _wrong(what: str) -> Invalid:
    return Invalid(f"absence proof is {what}", field="absence", code="absence-wrong")
