"""The draw: the same for everyone who repeats it, and moved by nothing but its inputs."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.identity import draw, group
from registry.identity.draw import Drawn, Panelist
from registry.identity.voprf import KeyPair

LEAF, ROOT, NONCE = (bytes([value]) * 32 for value in (1, 2, 3))
POOL = [Panelist(f"p{number}", f"m{number % 5}") for number in range(12)]

pools = st.lists(
    st.builds(Panelist, st.text("abcdef0123", min_size=1, max_size=6), st.sampled_from("vwxyz")),
    min_size=1,
    max_size=20,
    unique_by=lambda panelist: panelist.id,
)


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return KeyPair.of(group.scalar_random())


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def message(case_number: str = "2026-17", nonce: bytes = NONCE) -> bytes:
    return draw.message(case_number=case_number, admission_leaf_hash=LEAF, pool_root=ROOT, nonce=nonce)


def test_the_root_of_a_pool_is_the_merkle_tree_hash_of_its_sorted_lines() -> None:
    pool = [Panelist("c", "x"), Panelist("a", "y"), Panelist("b", "x")]
    a, b, c = (sha256(b"\0", line) for line in (b"a\0y", b"b\0x", b"c\0x"))
    assert draw.pool_root(pool) == sha256(b"\1", sha256(b"\1", a, b), c)
    assert draw.pool_root(pool[:1]) == c


@given(pool=pools, data=st.data())
def test_the_order_in_which_a_pool_is_listed_changes_nothing(pool: list[Panelist], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pool))
    assert draw.pool_root(shuffled) == draw.pool_root(pool)
    assert draw.rank(bytes(64), shuffled) == draw.rank(bytes(64), pool)


@given(pool=pools)
def test_every_other_pool_has_another_root(pool: list[Panelist]) -> None:
    moved = [Panelist(pool[0].id, pool[0].member + "'"), *pool[1:]]
    added = [*pool, Panelist("new", "v")]
    assert len({draw.pool_root(one) for one in (pool, moved, added)}) == 3


def test_the_message_and_the_seed_are_the_hashes_that_the_design_names() -> None:
    m = sha256(b"zilu-draw/v1", b"2026-17", LEAF, ROOT, NONCE)
    assert message() == m
    assert draw.seed(m, b"V" * 32) == hashlib.sha512(b"zilu-draw-seed/v1" + m + b"V" * 32).digest()


@pytest.mark.parametrize("name", ["admission_leaf_hash", "pool_root", "nonce"])
def test_a_part_of_the_message_that_is_not_32_bytes_is_refused_by_name(name: str) -> None:
    parts = {"admission_leaf_hash": LEAF, "pool_root": ROOT, "nonce": NONCE} | {name: bytes(31)}
    with pytest.raises(Invalid) as caught:
        draw.message(case_number="2026-17", **parts)
    assert caught.value.field == name


def test_ranks_follow_the_hmac_of_each_line() -> None:
    seed = bytes(range(64))
    keys = {hmac.new(seed, f"{one.id}\0{one.member}".encode(), "sha256").digest(): one for one in POOL}
    assert draw.rank(seed, POOL) == [keys[key] for key in sorted(keys)]


def test_a_draw_holds_under_its_key_and_message_only(pair: KeyPair) -> None:
    m = message()
    drawn = draw.draw(pair, m)
    draw.verify_draw(draw_public=pair.public, m=m, drawn=drawn)
    other = KeyPair.of(group.scalar_random())
    for public, said, claimed in (
        (other.public, m, drawn),
        (pair.public, message(nonce=bytes(32)), drawn),
        (pair.public, m, Drawn(draw.draw(other, m).v, drawn.proof)),
        (pair.public, m, Drawn(drawn.v, drawn.proof[:-1] + bytes([drawn.proof[-1] ^ 1]))),
        (pair.public, m, draw.draw(other, m)),
    ):
        with pytest.raises(Invalid) as caught:
            draw.verify_draw(draw_public=public, m=said, drawn=claimed)
        assert caught.value.field == "proof"


def test_the_key_has_one_value_for_a_message_however_often_it_signs(pair: KeyPair) -> None:
    assert draw.draw(pair, message()).v == draw.draw(pair, message()).v
    assert draw.draw(pair, message()).v != draw.draw(pair, message("2026-18")).v


@given(pool=pools, seed=st.binary(min_size=64, max_size=64))
def test_the_first_of_distinct_members_are_seated(pool: list[Panelist], seed: bytes) -> None:
    ranked = draw.rank(seed, pool)
    if len({panelist.member for panelist in pool}) < 3:
        with pytest.raises(Invalid) as caught:
            draw.seat(ranked)
        assert (caught.value.field, caught.value.code) == ("pool", "pool-too-small")
        return
    seated = draw.seat(ranked)
    assert len({panelist.member for panelist in seated}) == len(seated) == 3
    last = ranked.index(seated[-1])
    assert {panelist.member for panelist in ranked[: last + 1]} == {panelist.member for panelist in seated}


@settings(max_examples=50)
@given(seed=st.binary(min_size=64, max_size=64), leaving=st.integers(0, 2))
def test_a_replacement_takes_one_seat_and_moves_nobody_else(seed: bytes, leaving: int) -> None:
    ranked = draw.rank(seed, POOL)
    before = draw.seat(ranked)
    after = draw.seat(ranked, exclude={before[leaving].id})
    assert set(before) - set(after) == {before[leaving]}
    assert len(set(after) - set(before)) == 1


def test_every_panelist_is_drawn_about_as_often_as_any_other() -> None:
    pool = [Panelist(f"p{number}", f"m{number}") for number in range(6)]
    counted: Counter[Panelist] = Counter()
    for number in range(1200):
        counted.update(draw.seat(draw.rank(draw.seed(message(str(number)), bytes(32)), pool)))
    assert set(counted) == set(pool)
    assert all(500 < count < 700 for count in counted.values())  # 600 expected, standard deviation 17


@pytest.mark.parametrize(
    "pool",
    [[], [Panelist("a", "x"), Panelist("a", "y")], [Panelist("a\0", "x")], [Panelist("a", "\0x")]],
)
def test_a_pool_that_is_empty_or_ambiguous_is_refused(pool: list[Panelist]) -> None:
    for act in (draw.pool_root, lambda pool: draw.rank(bytes(64), pool)):
        with pytest.raises(Invalid) as caught:
            act(pool)
        assert caught.value.field == "pool"
