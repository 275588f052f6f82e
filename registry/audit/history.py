"""The log against itself: leaves, tiles and signed checkpoints must tell one story. Pure.

Three things are laid beside each other: the leaves (from the acts, or from the entry bundles outside), the tiles, and
the roots that were signed. The signed root decides which of the other two is true:

1. the leaves give it: they are true, and every tile that they do not give is wrong
2. else the bottom tiles give it, or a mixture of both, tile by tile, as the tiles above decide: what is not so is wrong
3. else nothing can be said for either, and wherever they differ both are named
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from registry.audit.differences import Difference, Kind
from registry.log import tiles, tree

Nameless = Callable[[int], str]  # what to call a leaf of which only the position is left

_WIDE = tiles.WIDTH * tree.HASH_SIZE


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf where it was found: what it is called, and its hash."""

    name: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head that the log signed."""

    name: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What a log is made of. `tiles` by (level, index); `heads` ascending; Heads that hold, ascending."""

    leaves: Mapping[int, Placed]
    tiles: Mapping[tuple[int, int], bytes]
    heads: Sequence[Head]
    nameless: Nameless


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many leaves the log has, as far as it can be told, and everything that is not as it should be."""

    size: int
    differences: tuple[Difference, ...]


def compare(found: Found) -> Verdict:
    """Name every leaf, tile and head that does not fit the others."""
    head = found.heads[-1] if found.heads else Head("", 0, tree.EMPTY_ROOT)
    bottom = _bottom(found.tiles, at_most=head.size + len(found.leaves))
    true, unsigned = _true(found, bottom, head), _unsigned(found.leaves, bottom, head.size)
    size = head.size + len(unsigned)
    if true is None:
        return Verdict(size, (*_unsettled(found, bottom, head, size), *_unheaded(found.heads, size)))
    true += unsigned
    wrong = (*_wrong_leaves(found, true), *_wrong_tiles(found.tiles, true), *_wrong_heads(found.heads, true))
    return Verdict(size, (*wrong, *_unheaded(found.heads, size)))


def _bottom(stored: Mapping[tuple[int, int], bytes], *, at_most: int) -> list[bytes | None]:
    """The hashes of the bottom tiles by position, as far as tiles reach; None where a tile is missing or short."""
    reach = at_most // tiles.WIDTH + 1  # a tile beyond is one too many, wherever it claims to be
    last = max((index for level, index in stored if level == 0 and 0 <= index <= reach), default=-1)
    hashes: list[bytes | None] = []
    for index in range(last + 1):
        row: list[bytes | None] = list(_split(stored.get((0, index), b"")))
        hashes += row if index == last else [*row, *[None] * tiles.WIDTH][: tiles.WIDTH]
    return hashes


def _split(hashes: bytes) -> Iterator[bytes]:
    whole = len(hashes) - len(hashes) % tree.HASH_SIZE
    return (hashes[i : i + tree.HASH_SIZE] for i in range(0, whole, tree.HASH_SIZE))


def _true(found: Found, bottom: Sequence[bytes | None], head: Head) -> list[bytes] | None:
    """The leaf hashes that give the signed root, from whichever source has them."""
    leaves = [found.leaves[p].hash if p in found.leaves else None for p in range(head.size)]
    below = [*bottom[: head.size], *[None] * (head.size - len(bottom))]
    mixed = (_mixed(found.tiles, leaves, below, last=last) for last in (leaves, below))
    for candidate in (leaves, *mixed):
        whole = [each for each in candidate if each is not None]
        if len(whole) == head.size and tree.root_of(whole) == head.root:
            return whole
    return None


def _mixed(
    stored: Mapping[tuple[int, int], bytes],
    leaves: Sequence[bytes | None],
    below: Sequence[bytes | None],
    *,
    last: Sequence[bytes | None],
) -> list[bytes | None]:
    """Tile by tile from the source that gives the hash in the tile above; the unfinished tile from `last`."""
    parents = list(_split(b"".join(stored.get((1, i), b"") for i in range(len(leaves) // tiles.WIDTH**2 + 1))))
    mixed: list[bytes | None] = []
    for start in range(0, len(leaves), tiles.WIDTH):
        rows = [source[start : start + tiles.WIDTH] for source in (leaves, below)]
        parent = parents[start // tiles.WIDTH : start // tiles.WIDTH + 1]
        fitting = [row for row in rows if None not in row and [tree.root_of(h for h in row if h)] == parent]
        mixed += fitting[0] if fitting else last[start : start + tiles.WIDTH]
    return mixed


def _unsigned(leaves: Mapping[int, Placed], bottom: Sequence[bytes | None], size: int) -> list[bytes]:
    """Leaves beyond the last head, up to the last on which acts and tiles agree: the head over them is gone."""
    tail = list(takewhile(lambda hash_: hash_ is not None, bottom[size:]))
    agreed = [at for at, hash_ in enumerate(tail, 1) if (leaf := leaves.get(size + at - 1)) and leaf.hash == hash_]
    return [hash_ for hash_ in tail[: max(agreed, default=0)] if hash_ is not None]


def _wrong_leaves(found: Found, true: Sequence[bytes]) -> Iterator[Difference]:
    places = {hash_: position for position, hash_ in enumerate(true)}
    right = {position for position, leaf in found.leaves.items() if places.get(leaf.hash) == position}
    present = {leaf.hash for leaf in found.leaves.values()}
    for position, leaf in sorted(found.leaves.items()):
        place = places.get(leaf.hash)
        if position in right:
            continue
        if place is not None and place not in right:
            yield Difference(Kind.REORDERED, leaf.name, f"it stands at position {position} and was logged at {place}")
        elif 0 <= position < len(true):
            yield Difference(Kind.ALTERED, leaf.name, f"its leaf is not the one that was logged at position {position}")
        else:
            yield Difference(Kind.EXTRA, leaf.name, f"it claims position {position}, which the log never had")
    for position, hash_ in enumerate(true):
        if position not in found.leaves and hash_ not in present:
            yield _gone(found, position)


def _gone(found: Found, position: int) -> Difference:
    return Difference(Kind.MISSING, found.nameless(position), f"the log has a leaf at position {position}")


def _wrong_tiles(stored: Mapping[tuple[int, int], bytes], true: Sequence[bytes]) -> Iterator[Difference]:
    wanted = _tiles(true)
    for place in sorted(wanted.keys() | stored.keys()):
        name = _tile_name(*place)
        if place not in stored:
            yield Difference(Kind.MISSING, name, "the leaves below it are there, and it is not")
        elif place not in wanted:
            yield Difference(Kind.EXTRA, name, "a log of this size has no such tile")
        elif stored[place] != wanted[place]:
            yield Difference(Kind.ALTERED, name, "its hashes are not those of the leaves below it")


def _tiles(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """All tiles of the tree over these leaf hashes."""
    made: dict[tuple[int, int], bytes] = {}
    level, row = 0, b"".join(leaves)
    while row:
        cut = [row[i : i + _WIDE] for i in range(0, len(row), _WIDE)]
        made |= {(level, index): tile for index, tile in enumerate(cut)}
        row = b"".join(tree.root_of(_split(tile)) for tile in cut if len(tile) == _WIDE)
        level += 1
    return made


def _wrong_heads(heads: Sequence[Head], true: Sequence[bytes]) -> Iterator[Difference]:
    """Every signed root is the root of the first leaves."""
    roots = _roots(true, {head.size for head in heads})
    for head in heads:
        if roots[head.size] != head.root:
            why = f"the first {head.size} leaves do not give the root that it signs: the log was rewritten"
            yield Difference(Kind.ALTERED, head.name, why)


def _unheaded(heads: Sequence[Head], size: int) -> Iterator[Difference]:
    """The last leaf is under a signed root."""
    if size and (not heads or heads[-1].size < size):
        why = f"leaves and tiles go up to {size}, and no root of that is signed"
        yield Difference(Kind.MISSING, f"checkpoint:{size}", why)


def _roots(leaves: Sequence[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The roots at these sizes, in one pass."""
    roots = {0: tree.EMPTY_ROOT}
    peaks: tree.Peaks = []
    for size, leaf in enumerate(leaves, 1):
        tree.push(peaks, leaf)
        if size in sizes:
            roots[size] = tree.fold(peaks)
    return roots


def _unsettled(found: Found, bottom: Sequence[bytes | None], head: Head, size: int) -> Iterator[Difference]:
    """What can be said when nothing gives the root: what is not there, and who contradicts whom."""
    yield from _disputed(found, bottom, size)
    yield from _incomplete(found.tiles, size)
    yield from _wrong_upper(found.tiles)
    why = "neither leaves nor tiles give the root that it signs, so that more may be wrong than is named"
    yield Difference(Kind.ALTERED, head.name, why)


def _disputed(found: Found, bottom: Sequence[bytes | None], size: int) -> Iterator[Difference]:
    for position in range(size):
        below = bottom[position] if position < len(bottom) else None
        leaf = found.leaves.get(position)
        if leaf is None:
            yield _gone(found, position)
        elif below is not None and leaf.hash != below:
            why = f"leaf and tile differ at position {position}, and the signed root cannot say which is right"
            yield Difference(Kind.ALTERED, leaf.name, why)
            yield Difference(Kind.ALTERED, _tile_name(0, position // tiles.WIDTH), why)
    for position, leaf in sorted(found.leaves.items()):
        if not 0 <= position < size:
            why = f"it claims position {position}, and the signed log has {size} leaves"
            yield Difference(Kind.EXTRA, leaf.name, why)


def _incomplete(stored: Mapping[tuple[int, int], bytes], size: int) -> Iterator[Difference]:
    wanted = {(tile.level or 0, tile.index): tile.width for tile in tiles.tiles_of(size)}
    for place, width in wanted.items():
        if place not in stored:
            yield Difference(Kind.MISSING, _tile_name(*place), "a log of this size has this tile")
        elif len(stored[place]) != width * tree.HASH_SIZE:
            yield Difference(Kind.ALTERED, _tile_name(*place), f"it does not hold {width} hashes")
    for place in sorted(stored.keys() - wanted.keys()):
        yield Difference(Kind.EXTRA, _tile_name(*place), "a log of this size has no such tile")


def _wrong_upper(stored: Mapping[tuple[int, int], bytes]) -> Iterator[Difference]:
    for (level, index), hashes in sorted(stored.items()):
        for offset, hash_ in enumerate(_split(hashes) if level > 0 else ()):
            child = level - 1, index * tiles.WIDTH + offset
            if len(below := stored.get(child, b"")) == _WIDE and tree.root_of(_split(below)) != hash_:
                why = "one does not give the hash in the other"
                yield Difference(Kind.ALTERED, _tile_name(*child), f"{why}: {_tile_name(level, index)}")
                yield Difference(Kind.ALTERED, _tile_name(level, index), f"{why}: {_tile_name(*child)}")


def _tile_name(level: int, index: int) -> str:
    return f"tile:{level}/{index}"
