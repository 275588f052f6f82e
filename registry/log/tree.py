"""The Merkle tree of RFC 6962, over any source of subtree hashes; verification as in RFC 9162.

    leaf = SHA-256(0x00 || entry)      node = SHA-256(0x01 || left || right)      empty tree = SHA-256("")
    root of n > 1 leaves: split at k, the largest power of two below n; node(root of the first k, root of the rest)

Proofs are made from a `Hashes` source: `hashes(height, index)` is the root of the full subtree over the leaves
[index * 2^height, (index + 1) * 2^height) (`tiles.hashes` has them from tiles). Sizes and positions are below 2^63.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from registry.errors import Invalid

Hashes = Callable[[int, int], bytes]
Peaks = list[tuple[int, bytes]]  # height and root of each full subtree, the largest first (RFC 6962 section 2.1)

HASH_SIZE = 32
_PAIR = 2 * HASH_SIZE
HEIGHT = 8  # of a tile: it holds 2^8 hashes
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def parents(row: bytes) -> bytes:
    """The row of nodes above a row of hashes; what is left over on the right has none."""
    return b"".join(
        [hashlib.sha256(b"\x01" + row[at : at + _PAIR]).digest() for at in range(0, len(row) - _PAIR + 1, _PAIR)]
    )


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, or over roots of full subtrees of one size."""
    row = b"".join(hashes)
    while len(row) > HASH_SIZE:
        # RFC 6962 section 2.1: what is left over on the right is carried up as it is.
        odd = row[-HASH_SIZE:] if len(row) % _PAIR else b""
        row = parents(row) + odd
    return row or EMPTY_ROOT


def root_at(size: int, hashes: Hashes) -> bytes:
    """The root of the tree when it had `size` leaves."""
    return _subtree(0, size, hashes) if size else EMPTY_ROOT


def peaks(size: int, *, hashes: Hashes) -> Peaks:
    """The full subtrees that a tree of `size` leaves is made of."""
    found, start = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            found.append((height, _subtree(start, start + (1 << height), hashes)))
            start += 1 << height
    return found


def push(peaks: Peaks, leaf: bytes) -> None:
    """Add one leaf hash."""
    height = 0
    while peaks and peaks[-1][0] == height:
        leaf = node_hash(peaks.pop()[1], leaf)
        height += 1
    peaks.append((height, leaf))


def fold(peaks: Peaks) -> bytes:
    """The root of the tree that these make up."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1][1]
    for _, peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def inclusion_proof(index: int, *, size: int, hashes: Hashes) -> tuple[bytes, ...]:
    """RFC 6962 section 2.1.1: the sibling hashes from leaf `index` up to the root of `size` leaves."""
    return inclusion_proofs([index], size=size, hashes=hashes)[0]


def inclusion_proofs(indexes: Iterable[int], *, size: int, hashes: Hashes) -> list[tuple[bytes, ...]]:
    """As `inclusion_proof` of each; what they share is hashed once, so that a batch costs little more than its tree."""
    subtree = cache(lambda start, end: _subtree(start, end, hashes))
    return [_inclusion(index, size, hashes, subtree) for index in indexes]


def _inclusion(index: int, size: int, hashes: Hashes, subtree: Callable[[int, int], bytes]) -> tuple[bytes, ...]:
    """Down from the root to the full subtree that the leaf is in, then up to it from the leaf."""
    if not 0 <= index < size <= MAX_SIZE:
        raise Invalid("index must be below the size of the tree", field="index")
    start, end, above = 0, size, []
    while (end - start) & (end - start - 1):
        middle = start + _split(end - start)
        if index < middle:
            above.append(subtree(middle, end))
            end = middle
        else:
            above.append(subtree(start, middle))
            start = middle
    height = (end - start).bit_length() - 1
    return (*[hashes(at, index >> at ^ 1) for at in range(height)], *reversed(above))


def consistency_proof(old: int, new: int, *, hashes: Hashes) -> tuple[bytes, ...]:
    """RFC 6962 section 2.1.2: that the tree of `old` leaves is a prefix of the tree of `new`; 1 <= old <= new."""
    if not 1 <= old <= new <= MAX_SIZE:
        raise Invalid("old size must be from 1 to the new size", field="size")
    start, end, siblings = 0, new, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            siblings.append(_subtree(middle, end, hashes))
            end = middle
        else:
            siblings.append(_subtree(start, middle, hashes))
            start = middle
    if start:  # the old tree is not one full subtree, so its last part must be shown
        siblings.append(_subtree(start, end, hashes))
    return tuple(reversed(siblings))


def verify_inclusion(index: int, *, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2. Raise Invalid unless `leaf` (a leaf hash) stands at `index` under `root`."""
    _verify_sizes([leaf, root, *proof])
    if not 0 <= index < size <= MAX_SIZE:
        raise Invalid("index must be below the size of the tree", field="index", code="proof-wrong")
    node, last, got = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise _wrong("longer than the tree is high")
        if node & 1 or node == last:
            got = node_hash(sibling, got)
            node, last = _skip_levels(node, last)
        else:
            got = node_hash(got, sibling)
        node, last = node >> 1, last >> 1
    if last or got != root:
        raise _wrong("not a path from this leaf to this root")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162 section 2.1.4.2. Raise Invalid unless the old tree is a prefix of the new one.

    Size 0 is refused: an empty tree is a prefix of any, so such a proof would say nothing.
    """
    _verify_sizes([old_root, new_root, *proof])
    if not 1 <= old_size <= new_size <= MAX_SIZE:
        raise Invalid("old size must be from 1 to the new size", field="size", code="proof-wrong")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise _wrong("of two different trees of one size")
        return
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not proof or _roots_from(path, old_size - 1, new_size - 1) != (old_root, new_root):
        raise _wrong("not a path from the old root to the new one")


def _roots_from(path: Sequence[bytes], node: int, last: int) -> tuple[bytes, bytes] | None:
    """The old and the new root that a consistency path leads to; None when its length is wrong."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _skip_levels(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return (old, new) if last == 0 else None


def _skip_levels(node: int, last: int) -> tuple[int, int]:
    """On the right edge a subtree is carried up unhashed until it is a right child."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _subtree(start: int, end: int, hashes: Hashes) -> bytes:
    """Root over the leaves [start, end) as it stands within the tree."""
    width = end - start
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return hashes(height, start >> height)
    middle = start + _split(width)
    return node_hash(_subtree(start, middle, hashes), _subtree(middle, end, hashes))


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _verify_sizes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise _wrong(f"not made of hashes of {HASH_SIZE} bytes")


def _wrong(what: str) -> Invalid:
    return Invalid(f"proof is {what}", field="proof", code="proof-wrong")
