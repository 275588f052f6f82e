"""Leaves, tiles and heads beside each other: whatever of them is changed is named, and only that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.audit.differences import Kind
from registry.audit.history import Found, Head, Placed, compare
from registry.log import tiles, tree

SIZES = (1, 2, 255, 256, 257, 600)


def _leaf(position: int) -> bytes:
    return hashlib.sha256(b"leaf %d" % position).digest()


def _log(size: int, sizes: Sequence[int]) -> Found:
    """A log of so many leaves with a head at each of `sizes`."""
    leaves = [_leaf(position) for position in range(size)]
    stored: dict[tuple[int, int], bytes] = {}
    grown = tiles.append(0, leaves, lambda *at: stored.get(at, b""))
    stored.update(grown.tiles)
    heads = [Head(f"checkpoint:{at}", at, tree.root_of(leaves[:at])) for at in sizes]
    placed = {position: Placed(f"act:{position + 1}", hash_) for position, hash_ in enumerate(leaves)}
    return Found(placed, stored, heads, lambda position: f"act:{position + 1}")


LOG = _log(600, (1, 3, 256, 599, 600))
SHORT = _log(70_000, (65_536, 70_000))


def _named(found: Found) -> set[tuple[Kind, str]]:
    return {(difference.kind, difference.name) for difference in compare(found).differences}


def _with(
    found: Found, leaves: Mapping[int, Placed | None] = {}, stored: Mapping[tuple[int, int], bytes | None] = {}
) -> Found:
    """The log with some leaves and tiles replaced, or taken away by None."""
    return replace(
        found,
        leaves={at: leaf for at, leaf in {**found.leaves, **leaves}.items() if leaf is not None},
        tiles={at: tile for at, tile in {**found.tiles, **stored}.items() if tile is not None},
    )


def _flipped(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _altered(found: Found, position: int) -> dict[int, Placed]:
    leaf = found.leaves[position]
    return {position: Placed(leaf.name, _flipped(leaf.hash))}


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_log_has_no_difference(size: int) -> None:
    verdict = compare(_log(size, (size,)))
    assert (verdict.size, verdict.differences) == (size, ())


def test_an_empty_log_has_no_difference() -> None:
    assert compare(_log(0, ())).differences == ()


def test_a_log_of_three_levels_has_no_difference() -> None:
    assert compare(SHORT).differences == ()


@pytest.mark.parametrize("position", [0, 255, 256, 511, 512, 599])
def test_a_changed_leaf_is_altered_and_a_lost_one_missing(position: int) -> None:
    assert _named(_with(LOG, _altered(LOG, position))) == {(Kind.ALTERED, f"act:{position + 1}")}
    assert _named(_with(LOG, {position: None})) == {(Kind.MISSING, f"act:{position + 1}")}


def test_exchanged_leaves_are_reordered() -> None:
    one, other = LOG.leaves[3], LOG.leaves[400]
    assert _named(_with(LOG, {3: other, 400: one})) == {(Kind.REORDERED, "act:4"), (Kind.REORDERED, "act:401")}


@pytest.mark.parametrize("position", [600, 10**15, -1, -600])
def test_a_leaf_at_a_place_that_the_log_never_had_is_extra(position: int) -> None:
    assert _named(_with(LOG, {position: Placed("act:x", b"?" * 32)})) == {(Kind.EXTRA, "act:x")}
    assert _named(_with(LOG, {position: Placed("act:x", _leaf(599))})) == {(Kind.EXTRA, "act:x")}  # a copy


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (0, 2), (1, 0)])
def test_a_tile_is_missing_altered_or_cut_short(place: tuple[int, int]) -> None:
    name, tile = f"tile:{place[0]}/{place[1]}", LOG.tiles[place]
    assert _named(_with(LOG, stored={place: None})) == {(Kind.MISSING, name)}
    assert _named(_with(LOG, stored={place: b""})) == {(Kind.ALTERED, name)}
    for changed in (_flipped(tile), _flipped(tile, len(tile) - 1), tile[:-32], tile[:-1], tile + b"x" * 32):
        assert _named(_with(LOG, stored={place: changed})) == {(Kind.ALTERED, name)}


@pytest.mark.parametrize("place", [(0, 3), (2, 0), (7, 0), (-1, 0), (0, -1), (0, 10**15)])
def test_a_tile_too_many_is_extra(place: tuple[int, int]) -> None:
    assert _named(_with(LOG, stored={place: b"x" * 32})) == {(Kind.EXTRA, f"tile:{place[0]}/{place[1]}")}


def test_leaf_and_tile_that_were_both_changed_are_both_named() -> None:
    changed = _with(LOG, _altered(LOG, 7), {(0, 1): _flipped(LOG.tiles[0, 1])})
    assert _named(changed) == {(Kind.ALTERED, "act:8"), (Kind.ALTERED, "tile:0/1")}


def test_leaf_and_tile_of_one_place_that_were_both_changed_are_both_named() -> None:
    """Somebody edited an act and made the tile fit it; only the signed root contradicts."""
    for position in (5, 520):
        leaf = _altered(LOG, position)
        place, at = (0, position // 256), position % 256 * 32
        tile = LOG.tiles[place]
        forged = tile[:at] + leaf[position].hash + tile[at + 32 :]
        named = _named(_with(LOG, leaf, {place: forged}))
        assert named, "the forgery must be seen"
        if position < 512:  # the tile above contradicts too
            assert (Kind.ALTERED, f"tile:0/{position // 256}") in named


def test_a_lost_leaf_in_a_lost_tile_accuses_nobody_but_the_head_that_cannot_be_confirmed() -> None:
    changed = _with(LOG, {5: None}, {(0, 0): None})
    lost = {(Kind.MISSING, "act:6"), (Kind.MISSING, "tile:0/0")}
    assert _named(changed) == lost | {(Kind.ALTERED, "checkpoint:600")}


def test_a_changed_leaf_in_a_changed_tile_is_named_with_it() -> None:
    changed = _with(LOG, _altered(LOG, 5), {(0, 0): _flipped(LOG.tiles[0, 0], 40)})
    assert {(Kind.ALTERED, "act:6"), (Kind.ALTERED, "tile:0/0")} <= _named(changed)


def test_a_head_with_another_root_says_that_the_log_was_rewritten() -> None:
    heads = [replace(head, root=b"?" * 32) if head.size == 3 else head for head in LOG.heads]
    assert _named(replace(LOG, heads=heads)) == {(Kind.ALTERED, "checkpoint:3")}


def test_a_last_head_that_nothing_gives_is_named() -> None:
    heads = [*LOG.heads[:-1], replace(LOG.heads[-1], root=b"?" * 32)]
    assert _named(replace(LOG, heads=heads)) == {(Kind.ALTERED, "checkpoint:600")}


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_a_lost_last_head_is_missing(kept: int) -> None:
    assert _named(replace(LOG, heads=LOG.heads[:kept])) == {(Kind.MISSING, "checkpoint:600")}


def test_a_lost_leaf_under_no_head_is_missing_with_the_head() -> None:
    changed = replace(_with(LOG, {550: None}), heads=LOG.heads[:3])
    assert _named(changed) == {(Kind.MISSING, "act:551"), (Kind.MISSING, "checkpoint:600")}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_leaves_are_changed_exactly_they_are_named(data: st.DataObject) -> None:
    positions = data.draw(st.sets(st.integers(0, 599), min_size=1, max_size=8))
    lost = data.draw(st.sets(st.sampled_from(sorted(positions))))
    changes: dict[int, Placed | None] = {}
    for position in positions:
        changes |= {position: None} if position in lost else _altered(LOG, position)
    wanted = {(Kind.MISSING if p in lost else Kind.ALTERED, f"act:{p + 1}") for p in positions}
    assert _named(_with(LOG, changes)) == wanted


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_everything_is_named_or_doubt_is_told(data: st.DataObject) -> None:
    positions = data.draw(st.sets(st.integers(0, 599), max_size=4))
    places = data.draw(st.sets(st.sampled_from(sorted(LOG.tiles)), min_size=0 if positions else 1))
    changes: dict[int, Placed | None] = {}
    for position in positions:
        changes |= {position: None} if data.draw(st.booleans()) else _altered(LOG, position)
    stored = {
        place: None if data.draw(st.booleans()) else _flipped(LOG.tiles[place], data.draw(st.integers(1, 63)))
        for place in places
    }
    named = _named(_with(LOG, changes, stored))
    lost = {(Kind.MISSING, f"act:{position + 1}") for position, leaf in changes.items() if leaf is None}
    lost |= {(Kind.MISSING, f"tile:{place[0]}/{place[1]}") for place, tile in stored.items() if tile is None}
    assert named >= lost
    if (Kind.ALTERED, "checkpoint:600") not in named:  # the root could be found, and decided
        altered = {(Kind.ALTERED, f"act:{position + 1}") for position, leaf in changes.items() if leaf is not None}
        altered |= {(Kind.ALTERED, f"tile:{place[0]}/{place[1]}") for place, tile in stored.items() if tile is not None}
        assert named == lost | altered
