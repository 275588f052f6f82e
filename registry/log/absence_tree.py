"""The tree behind `absence`, in memory, as a value: a change makes a new tree that shares all that did not change.

So old trees cost only what is different in them, and whoever proves from one is not disturbed by whoever makes the
next. A subtree of at most 16 leaves is one `_Bunch`, its leaves as one string of 40 bytes each, sorted by path; it is
hashed again when something in it changes or is proved. Shape has no influence on values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from registry.errors import Conflict
from registry.log.absence import (
    DEPTH,
    HASH_SIZE,
    NOTHING,
    PATH_SIZE,
    SALT_SIZE,
    TOP,
    Kind,
    Proof,
    node_value,
)

_LEAF = PATH_SIZE + HASH_SIZE
_BUNCH = 16 * _LEAF


class _Bunch(NamedTuple):
    """Up to 16 leaves, and the value of the subtree that has them."""

    value: bytes
    leaves: bytes


class _Fork(NamedTuple):
    """A subtree of more than 16 leaves."""

    value: bytes
    left: _Bunch | _Fork
    right: _Bunch | _Fork


_Node = _Bunch | _Fork
_EMPTY = _Bunch(NOTHING, b"")


@dataclass(frozen=True, slots=True)
class Tree:
    """A set of (path, commitment), each path once."""

    _top: _Node = _EMPTY

    @classmethod
    def of(cls, leaves: Iterable[tuple[int, bytes]]) -> Tree:
        """Conflict when two have one path: then another epoch must be tried."""
        ordered = sorted(leaves)
        if any(one[0] == after[0] for one, after in pairwise(ordered)):
            raise _taken()
        return cls(_grown(b"".join(path.to_bytes(PATH_SIZE, "big") + c for path, c in ordered), 0))

    def put(self, path: int, commitment: bytes) -> Tree:
        """With one leaf more; Conflict when its path is taken."""
        return Tree(_put(self._top, path, 0, path.to_bytes(PATH_SIZE, "big") + commitment))

    def drop(self, path: int) -> Tree:
        """Without the leaf of this path, if there is one."""
        return Tree(_drop(self._top, path, 0))

    def get(self, path: int) -> bytes | None:
        """The commitment at the path."""
        node, depth = self._top, 0
        while isinstance(node, _Fork):
            node, depth = _half(node, path, depth), depth + 1
        at = _find(node.leaves, path)
        return node.leaves[at + PATH_SIZE : at + _LEAF] if _is_at(node.leaves, path, at) else None

    def roots(self) -> tuple[bytes, ...]:
        """The 16 values at depth 4."""
        row = [self._top]
        for depth in range(TOP):
            row = [half for node in row for half in _halves(node, depth)]
        return tuple(node.value for node in row)

    def prove(self, path: int, salt: bytes = bytes(SALT_SIZE)) -> Proof:
        """What stands at the path; `salt` is what its commitment was made with, if there is one."""
        node, siblings, bitmap, depth = self._top, [], 0, 0
        while depth < TOP or _several(node):
            left, right = _halves(node, depth)
            node, sibling = (right, left) if path >> (DEPTH - 1 - depth) & 1 else (left, right)
            if depth >= TOP and sibling.value != NOTHING:
                bitmap |= 1 << (depth - TOP)
                siblings.append(sibling.value)
            depth += 1
        kind, leaf = _shown(next(_leaves(node), None), path, salt)
        return Proof(kind, bitmap, leaf, tuple(reversed(siblings)))

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Every (path, commitment), by path."""
        for leaf in _leaves(self._top):
            yield int.from_bytes(leaf[:PATH_SIZE], "big"), leaf[PATH_SIZE:]


def _shown(leaf: bytes | None, path: int, salt: bytes) -> tuple[Kind, bytes]:
    if leaf is None:
        return Kind.EMPTY, b""
    return (Kind.PRESENT, salt) if leaf[:PATH_SIZE] == path.to_bytes(PATH_SIZE, "big") else (Kind.OTHER, leaf)


def _grown(leaves: bytes, depth: int) -> _Node:
    """The subtree at `depth` of these leaves, which are sorted and all belong there."""
    if len(leaves) <= _BUNCH:
        return _Bunch(_value(leaves, depth), leaves)
    middle = _middle(leaves, depth)
    return _fork(_grown(leaves[:middle], depth + 1), _grown(leaves[middle:], depth + 1))


def _fork(left: _Node, right: _Node) -> _Fork:
    return _Fork(node_value(left.value, right.value), left, right)


def _put(node: _Node, path: int, depth: int, leaf: bytes) -> _Node:
    if isinstance(node, _Fork):
        if path >> (DEPTH - 1 - depth) & 1:
            return _fork(node.left, _put(node.right, path, depth + 1, leaf))
        return _fork(_put(node.left, path, depth + 1, leaf), node.right)
    at = _find(node.leaves, path)
    if _is_at(node.leaves, path, at):
        raise _taken()
    return _grown(node.leaves[:at] + leaf + node.leaves[at:], depth)


def _drop(node: _Node, path: int, depth: int) -> _Node:
    if isinstance(node, _Fork):
        left, right = node.left, node.right
        if path >> (DEPTH - 1 - depth) & 1:
            right = _drop(right, path, depth + 1)
        else:
            left = _drop(left, path, depth + 1)
        return _joined(left, right, depth)
    at = _find(node.leaves, path)
    if not _is_at(node.leaves, path, at):
        return node
    return _grown(node.leaves[:at] + node.leaves[at + _LEAF :], depth)


def _joined(left: _Node, right: _Node, depth: int) -> _Node:
    """Two halves; one bunch again when they have become few enough, so that a tree has one form only."""
    if isinstance(left, _Bunch) and isinstance(right, _Bunch) and len(left.leaves + right.leaves) <= _BUNCH:
        return _grown(left.leaves + right.leaves, depth)
    return _fork(left, right)


def _several(node: _Node) -> bool:
    return isinstance(node, _Fork) or len(node.leaves) > _LEAF


def _halves(node: _Node, depth: int) -> tuple[_Node, _Node]:
    if isinstance(node, _Fork):
        return node.left, node.right
    middle = _middle(node.leaves, depth)
    return _grown(node.leaves[:middle], depth + 1), _grown(node.leaves[middle:], depth + 1)


def _half(fork: _Fork, path: int, depth: int) -> _Node:
    return fork.right if path >> (DEPTH - 1 - depth) & 1 else fork.left


def _value(leaves: bytes, depth: int) -> bytes:
    """The value of a subtree at `depth`, by the definition in `absence`."""
    each = [(int.from_bytes(leaf[:PATH_SIZE], "big"), sha256(b"\x00" + leaf).digest()) for leaf in _split(leaves)]
    return _folded(each, DEPTH - 1 - depth) if each else NOTHING


def _folded(each: list[tuple[int, bytes]], bit: int) -> bytes:
    """The value over leaves (path, value), at least one, that differ at `bit` or below."""
    if len(each) == 1:
        return each[0][1]
    left = [one for one in each if not one[0] >> bit & 1]
    right = each[len(left) :]
    return node_value(
        _folded(left, bit - 1) if left else NOTHING,
        _folded(right, bit - 1) if right else NOTHING,
    )


def _middle(leaves: bytes, depth: int) -> int:
    """Where the right half begins: at the first path with the bit after `depth`."""
    if not leaves:
        return 0
    above = int.from_bytes(leaves[:PATH_SIZE], "big") >> (DEPTH - depth)
    return _find(leaves, (above << 1 | 1) << (DEPTH - 1 - depth))


def _find(leaves: bytes, path: int) -> int:
    """The offset of the first leaf whose path is not below `path`."""
    wanted, low, high = path.to_bytes(PATH_SIZE, "big"), 0, len(leaves) // _LEAF
    while low < high:
        between = (low + high) // 2
        if leaves[between * _LEAF : between * _LEAF + PATH_SIZE] < wanted:
            low = between + 1
        else:
            high = between
    return low * _LEAF


def _is_at(leaves: bytes, path: int, at: int) -> bool:
    return leaves[at : at + PATH_SIZE] == path.to_bytes(PATH_SIZE, "big")


def _leaves(node: _Node) -> Iterator[bytes]:
    if isinstance(node, _Fork):
        yield from _leaves(node.left)
        yield from _leaves(node.right)
    else:
        yield from _split(node.leaves)


def _split(leaves: bytes) -> Iterator[bytes]:
    return (leaves[at : at + _LEAF] for at in range(0, len(leaves), _LEAF))


def _taken() -> Conflict:
    return Conflict("two leaves of the absence tree have one path; take another epoch", code="path-taken")
