"""Tiles and entry bundles of C2SP tlog-tiles: names, shapes, and what an append changes.

    tile/<L>/<N>[.p/<W>]         256 hashes of 32 bytes; hash i of tile n at level l covers the leaves
                                 [(n*256+i) * 256^l, (n*256+i+1) * 256^l)
    tile/entries/<N>[.p/<W>]     256 entries, each u16be length || entry
    <N>                          groups of three digits, all but the last with "x": 1234067 is x001/x234/067
    <W>                          1 to 255: a partial tile at the right edge, floor(size / 256^l) mod 256 wide

A partial tile is never hashed into the level above, and empty tiles do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.errors import Invalid

from .tree import HASH_SIZE, HEIGHT, MAX_SIZE, Hashes, parents, root_at, root_of

Read = Callable[[int, int], bytes]  # (level, index) -> the hashes stored for that tile, b"" for none

WIDTH = 1 << HEIGHT
MAX_ENTRY = 65_535
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a tree; `width` hashes of it. A level of None is the bundle of the entries themselves."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{_groups(self.index)}" + (f".p/{self.width}" if self.width < WIDTH else "")


@dataclass(frozen=True, slots=True)
class Appended:
    """The tree after an append. `tiles` has every changed tile by (level, index), whole, as it must be stored."""

    size: int
    root: bytes
    tiles: Mapping[tuple[int, int], bytes]


def parse_path(path: str) -> Tile:
    """The tile of a path without leading slash; Invalid unless it is written in the one way allowed."""
    if match := _PATH.fullmatch(path):
        level, groups, width = match.groups()
        tile = Tile(
            None if level == "entries" else int(level),
            int(groups.replace("x", "").replace("/", "")),
            int(width) if width else WIDTH,
        )
        # Written again, "tile/00/000", ".p/256" and "x000/001" all come out differently.
        if tile.path == path and tile.width and (tile.level or 0) < 64 and tile.index <= MAX_SIZE:
            return tile
    raise Invalid("path must be tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>]", field="path", code="tile-path")


def width_at(level: int | None, index: int, *, size: int) -> int:
    """How many hashes (or entries) the tile has in a tree of `size` leaves: 0 to 256."""
    return min(max((size >> (HEIGHT * (level or 0))) - index * WIDTH, 0), WIDTH)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes in a tree of `size` leaves, by level and index."""
    level = 0
    while hashes := size >> (HEIGHT * level):
        yield from _row(level, hashes)
        level += 1


def bundles_of(size: int) -> Iterator[Tile]:
    """Every entry bundle of a tree of `size` leaves."""
    yield from _row(None, size)


def hashes(read: Read) -> Hashes:
    """A source of hashes for `tree`, reading each tile once; Invalid when a tile is shorter than it must be.

    Of each tile the rows of nodes above it are kept, as far up as they were asked for.
    """
    held: dict[tuple[int, int], list[bytes]] = {}

    def hash_at(height: int, index: int) -> bytes:
        level, rise = divmod(height, HEIGHT)
        at, offset = index >> HEIGHT - rise, index & (WIDTH >> rise) - 1
        rows = held.get((level, at))
        if rows is None:
            rows = held[level, at] = [read(level, at)]
        while len(rows) <= rise:
            rows.append(parents(rows[-1]))
        found = rows[rise][offset * HASH_SIZE : (offset + 1) * HASH_SIZE]
        if len(found) != HASH_SIZE:
            raise _damaged(level, at)
        return found

    return hash_at


def touched(positions: Iterable[int], *, size: int) -> set[tuple[int, int]]:
    """Level and index of every tile that inclusion proofs of these positions need: their own, and the right edge."""
    found: set[tuple[int, int]] = set()
    level = 0
    while hashes := size >> (HEIGHT * level):
        found |= {(level, position >> HEIGHT * (level + 1)) for position in positions if position < size}
        found.add((level, hashes - 1 >> HEIGHT))
        level += 1
    return {(level, index) for level, index in found if width_at(level, index, size=size)}


def append(size: int, leaves: Sequence[bytes], read: Read) -> Appended:
    """What becomes of a tree of `size` leaves when `leaves` (leaf hashes) are added; reads only its right edge."""
    if any(len(leaf) != HASH_SIZE for leaf in leaves):
        raise Invalid(f"leaf hashes must be {HASH_SIZE} bytes", field="leaves")
    changed: dict[tuple[int, int], bytes] = {}
    level, row = 0, list(leaves)
    while row:
        row = _extend(changed, level, size >> (HEIGHT * level), row, read)
        level += 1
    grown = size + len(leaves)
    return Appended(grown, root_at(grown, hashes(lambda *at: changed[at] if at in changed else read(*at))), changed)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """At most 256 entries of at most 65,535 bytes each, every one after its length."""
    if len(entries) > WIDTH or any(len(entry) > MAX_ENTRY for entry in entries):
        raise Invalid(f"a bundle has at most {WIDTH} entries of at most {MAX_ENTRY} bytes", field="entries")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes, *, width: int) -> list[bytes]:
    """The `width` entries of a bundle; Invalid when it is cut short or has something after them."""
    entries, at = [], 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width:
        raise Invalid(
            f"bundle must be exactly {width} entries after their lengths", field="bundle", code="tile-damaged"
        )
    return entries


def _row(level: int | None, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, WIDTH)
    yield from (Tile(level, index) for index in range(full))
    if rest:
        yield Tile(level, full, rest)


def _extend(
    changed: dict[tuple[int, int], bytes], level: int, start: int, row: Sequence[bytes], read: Read
) -> list[bytes]:
    """Write `row` from position `start` of a level; return the roots of the tiles that it filled."""
    index, offset = divmod(start, WIDTH)
    old = read(level, index)[: offset * HASH_SIZE] if offset else b""
    if len(old) != offset * HASH_SIZE:
        raise _damaged(level, index)
    data, filled = old + b"".join(row), []
    for begin in range(0, len(data), WIDTH * HASH_SIZE):
        tile = data[begin : begin + WIDTH * HASH_SIZE]
        changed[level, index] = tile
        if len(tile) == WIDTH * HASH_SIZE:
            filled.append(root_of(tile[i : i + HASH_SIZE] for i in range(0, len(tile), HASH_SIZE)))
        index += 1
    return filled


def _groups(index: int) -> str:
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def _damaged(level: int, index: int) -> Invalid:
    return Invalid(f"tile {level}/{index} is missing or too short", field="tile", code="tile-damaged")
