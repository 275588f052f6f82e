"""Tiles: names, shapes and appends, against C2SP tlog-tiles and a naive tree."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.log import tiles, tree
from registry.log.tiles import Tile

LEAVES = [hashlib.sha256(b"\0%d" % n).digest() for n in range(70_000)]


class Store:
    """Tiles in a dictionary, as the database holds them."""

    def __init__(self) -> None:
        self.size = 0
        self.held: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        return self.held.get((level, index), b"")

    def append(self, leaves: list[bytes]) -> tiles.Appended:
        grown = tiles.append(self.size, leaves, self.read)
        self.held |= grown.tiles
        self.size = grown.size
        return grown


@pytest.fixture(scope="module")
def big() -> Store:
    store = Store()
    store.append(LEAVES)
    return store


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(1, 1000, 255), "tile/1/x001/000.p/255"),
        (Tile(63, 999), "tile/63/999"),
        (Tile(None, 5), "tile/entries/005"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@given(st.none() | st.integers(0, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_every_path_is_read_back(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000\n",
        "tile/0/..",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x001/x001/x001/x001/x001/x001/001",
    ],
)
def test_a_path_written_in_any_other_way_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refused:
        tiles.parse_path(path)
    assert (refused.value.field, refused.value.code) == ("path", "tile-path")


@given(st.text("tile/entrisx0129.p/", max_size=30))
def test_no_text_is_read_as_two_tiles(text: str) -> None:
    try:
        tile = tiles.parse_path(text)
    except Invalid:
        return
    assert tile.path == text


def test_seventy_thousand_leaves_make_the_tiles_that_the_specification_counts(big: Store) -> None:
    found = list(tiles.tiles_of(70_000))
    assert Counter((tile.level, tile.width == 256) for tile in found) == {
        (0, True): 273,
        (0, False): 1,
        (1, True): 1,
        (1, False): 1,
        (2, False): 1,
    }
    assert {tile.path for tile in found if tile.width < 256} == {
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    }
    assert {(tile.level, tile.index): tile.width * 32 for tile in found} == {
        at: len(data) for at, data in big.held.items()
    }
    assert [tile.path for tile in tiles.bundles_of(70_000)][-2:] == ["tile/entries/272", "tile/entries/273.p/112"]
    assert len(list(tiles.bundles_of(70_000))) == 274


def test_a_full_tile_makes_a_partial_one_above_it() -> None:
    assert [tile.path for tile in tiles.tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [tile.path for tile in tiles.tiles_of(255)] == ["tile/0/000.p/255"]
    assert list(tiles.tiles_of(0)) == list(tiles.bundles_of(0)) == []


@given(st.integers(1, 2**24))
def test_the_tiles_of_a_size_are_those_with_a_width_at_it(size: int) -> None:
    for level in range(4):
        hashes = size // 256**level
        last = (hashes - 1) // 256
        widths = [tiles.width_at(level, index, size=size) for index in (last - 1, last, last + 1)]
        if hashes == 0:
            assert tiles.width_at(level, 0, size=size) == 0
        else:
            assert widths[1:] == [hashes - 256 * last, 0]
            assert widths[0] == 256
    assert tiles.width_at(None, 0, size=size) == min(size, 256)


def test_the_hashes_in_tiles_are_subtrees_of_the_tree(big: Store) -> None:
    source = tiles.hashes(big.read)
    assert source(0, 69_999) == LEAVES[69_999]
    assert source(8, 3) == tree.root_of(LEAVES[3 * 256 : 4 * 256])
    assert source(16, 0) == tree.root_of(LEAVES[: 256**2])
    assert source(3, 5) == tree.root_of(LEAVES[5 * 8 : 6 * 8])
    assert source(11, 7) == tree.root_of(LEAVES[7 * 2048 : 8 * 2048])


def test_a_proof_reads_no_other_tiles_than_those_that_can_be_read_ahead(big: Store) -> None:
    chance = random.Random(2)
    for size in (1, 256, 300, 65_536, 65_792, 70_000, *(chance.randint(1, 70_000) for _ in range(20))):
        positions = [0, size - 1, *(chance.randrange(size) for _ in range(3))]
        asked: set[tuple[int, int]] = set()

        def read(level: int, index: int, asked: set[tuple[int, int]] = asked) -> bytes:
            asked.add((level, index))
            return big.read(level, index)

        tree.inclusion_proofs(positions, size=size, hashes=tiles.hashes(read))
        assert asked <= tiles.touched(positions, size=size)


def test_the_root_and_proofs_come_out_of_tiles(big: Store) -> None:
    chance = random.Random(1)
    for size in (1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000, *(chance.randint(1, 70_000) for _ in range(5))):
        source = tiles.hashes(big.read)
        root = tree.root_of(LEAVES[:size])
        assert tree.root_at(size, source) == root
        index, old = chance.randrange(size), chance.randint(1, size)
        tree.verify_inclusion(
            index,
            size=size,
            leaf=LEAVES[index],
            proof=tree.inclusion_proof(index, size=size, hashes=source),
            root=root,
        )
        tree.verify_consistency(
            old_size=old,
            old_root=tree.root_of(LEAVES[:old]),
            new_size=size,
            new_root=root,
            proof=tree.consistency_proof(old, size, hashes=source),
        )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_the_same_leaves_make_the_same_tiles_however_they_arrive(steps: list[int]) -> None:
    grown, whole = Store(), Store()
    for count in steps:
        appended = grown.append(LEAVES[grown.size : grown.size + count])
        assert appended.root == tree.root_of(LEAVES[: grown.size])
        assert appended.size == grown.size
    whole.append(LEAVES[: grown.size])
    assert grown.held == whole.held


def test_an_append_changes_only_the_right_edge(big: Store) -> None:
    grown = tiles.append(70_000, LEAVES[:200], big.read)
    assert sorted(grown.tiles) == [(0, 273), (0, 274), (1, 1)]
    assert grown.tiles[0, 273].startswith(big.held[0, 273])
    assert len(grown.tiles[0, 274]) == 32 * (200 - 144)
    assert len(grown.tiles[1, 1]) == 32 * 18
    assert tiles.append(70_000, [], big.read) == tiles.Appended(70_000, tree.root_of(LEAVES), {})


def test_an_append_reads_only_the_right_edge(big: Store) -> None:
    asked: set[tuple[int, int]] = set()

    def read(level: int, index: int) -> bytes:
        asked.add((level, index))
        return big.read(level, index)

    tiles.append(70_000, LEAVES[:1], read)
    assert asked <= {(0, 273), (1, 1), (2, 0)}


def test_what_a_partial_tile_holds_beyond_the_size_is_not_carried_on(big: Store) -> None:
    grown = tiles.append(69_990, LEAVES[:1], big.read)  # the store is ahead: a checkpoint was never written
    assert grown.root == tree.root_of([*LEAVES[:69_990], LEAVES[0]])


def test_a_missing_or_short_tile_is_noticed(big: Store) -> None:
    with pytest.raises(Invalid, match="tile 0/273"):
        tiles.append(70_000, LEAVES[:1], lambda *_: b"")
    with pytest.raises(Invalid, match="tile 0/273"):
        tiles.append(70_000, LEAVES[:1], lambda *at: big.read(*at)[:-1])
    with pytest.raises(Invalid, match="tile 1/1") as refused:
        tree.root_at(70_000, tiles.hashes(lambda *at: b"" if at == (1, 1) else big.read(*at)))
    assert refused.value.code == "tile-damaged"


def test_only_hashes_can_be_appended() -> None:
    with pytest.raises(Invalid, match="32 bytes"):
        tiles.append(0, [LEAVES[0], b"no hash"], lambda *_: b"")


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    assert tiles.parse_bundle(tiles.encode_bundle(entries), width=len(entries)) == entries


def test_a_bundle_is_lengths_and_entries() -> None:
    assert tiles.encode_bundle([b"ab", b"", b"c" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"c" * 258
    assert len(tiles.parse_bundle(tiles.encode_bundle([bytes(65_535)] * 256), width=256)) == 256


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"\x00\x02a", 1),
        (b"\x00", 1),
        (b"\x00\x01a\x00", 1),
        (b"\x00\x01a\x00", 2),
        (b"\x00\x01a", 2),
        (b"\x00\x01a", 0),
        (b"", 1),
        (b"\x00\x01ab", 1),
    ],
)
def test_a_damaged_bundle_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(Invalid) as refused:
        tiles.parse_bundle(data, width=width)
    assert refused.value.code == "tile-damaged"


@pytest.mark.parametrize("entries", [[b""] * 257, [bytes(65_536)]])
def test_a_bundle_that_the_format_cannot_hold_is_not_written(entries: list[bytes]) -> None:
    with pytest.raises(Invalid):
        tiles.encode_bundle(entries)
