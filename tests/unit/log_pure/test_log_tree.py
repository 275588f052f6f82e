"""The tree against the published roots and proofs, and against a naive reading of RFC 6962."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.log import tree

# Published with RFC 6962 implementations (transparency-dev/merkle): leaves, roots of the first 1 to 8, proofs.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
H = {
    "leaf 0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "leaf 1": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "leaf 4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "leaf 6": "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "2 to 3": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "4 to 5": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "6 to 7": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "4 to 7": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "0 to 1": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "0 to 3": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
}
INCLUSION = {  # (index, size): names of the hashes
    (0, 1): [],
    (0, 8): ["leaf 1", "2 to 3", "4 to 7"],
    (5, 8): ["leaf 4", "6 to 7", "0 to 3"],
    (2, 3): ["0 to 1"],
    (1, 5): ["leaf 0", "2 to 3", "leaf 4"],
}
CONSISTENCY = {  # (old, new)
    (1, 1): [],
    (1, 8): ["leaf 1", "2 to 3", "4 to 7"],
    (6, 8): ["4 to 5", "6 to 7", "0 to 3"],
    (2, 5): ["2 to 3", "leaf 4"],
    (6, 7): ["4 to 5", "leaf 6", "0 to 3"],
}
SOME = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


class Naive:
    """RFC 6962 section 2.1 as it is written, by recursion over lists; shares nothing with the product."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self.mth = cache(self._mth)

    def _mth(self, start: int, end: int) -> bytes:
        if end == start:
            return hashlib.sha256(b"").digest()
        if end - start == 1:
            return hashlib.sha256(b"\x00" + self.entries[start]).digest()
        k = self.k(end - start)
        both = self.mth(start, start + k) + self.mth(start + k, end)
        return hashlib.sha256(b"\x01" + both).digest()

    @staticmethod
    def k(n: int) -> int:
        k = 1
        while k * 2 < n:
            k *= 2
        return k

    def path(self, m: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        k = self.k(end - start)
        if m < k:
            return [*self.path(m, start, start + k), self.mth(start + k, end)]
        return [*self.path(m - k, start + k, end), self.mth(start, start + k)]

    def subproof(self, m: int, start: int, end: int, whole: bool) -> list[bytes]:
        if m == end - start:
            return [] if whole else [self.mth(start, end)]
        k = self.k(end - start)
        if m <= k:
            return [*self.subproof(m, start, start + k, whole), self.mth(start + k, end)]
        return [*self.subproof(m - k, start + k, end, False), self.mth(start, start + k)]

    def hashes(self, height: int, index: int) -> bytes:
        width = 2**height
        assert (index + 1) * width <= len(self.entries)
        return self.mth(index * width, (index + 1) * width)


ENTRIES = [b"entry %d" % n for n in range(70)]
NAIVE = Naive(ENTRIES)


def named(names: list[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(H[name]) for name in names)


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.root_of([]) == tree.EMPTY_ROOT
    assert tree.root_at(0, NAIVE.hashes) == tree.EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert tree.root_of(map(tree.leaf_hash, LEAVES[:size])) == ROOTS[size - 1]
    assert tree.root_at(size, Naive(LEAVES).hashes) == ROOTS[size - 1]


@pytest.mark.parametrize(("place", "names"), INCLUSION.items())
def test_inclusion_proofs_are_the_published_ones(place: tuple[int, int], names: list[str]) -> None:
    index, size = place
    proof = tree.inclusion_proof(index, size=size, hashes=Naive(LEAVES).hashes)
    assert proof == named(names)
    tree.verify_inclusion(index, size=size, leaf=tree.leaf_hash(LEAVES[index]), proof=proof, root=ROOTS[size - 1])


@pytest.mark.parametrize(("sizes", "names"), CONSISTENCY.items())
def test_consistency_proofs_are_the_published_ones(sizes: tuple[int, int], names: list[str]) -> None:
    old, new = sizes
    proof = tree.consistency_proof(old, new, hashes=Naive(LEAVES).hashes)
    assert proof == named(names)
    tree.verify_consistency(old_size=old, old_root=ROOTS[old - 1], new_size=new, new_root=ROOTS[new - 1], proof=proof)


def test_every_tree_up_to_seventy_leaves_has_the_naive_root_and_proofs() -> None:
    for size in range(1, 71):
        root = NAIVE.mth(0, size)
        assert tree.root_at(size, NAIVE.hashes) == root
        for index in range(size):
            proof = tree.inclusion_proof(index, size=size, hashes=NAIVE.hashes)
            assert list(proof) == NAIVE.path(index, 0, size)
            tree.verify_inclusion(index, size=size, leaf=NAIVE.mth(index, index + 1), proof=proof, root=root)
            old = index + 1
            proof = tree.consistency_proof(old, size, hashes=NAIVE.hashes)
            assert list(proof) == NAIVE.subproof(old, 0, size, True)
            tree.verify_consistency(old_size=old, old_root=NAIVE.mth(0, old), new_size=size, new_root=root, proof=proof)


def refused(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except Invalid:
        return True
    return False


@pytest.mark.parametrize("place", [place for place in INCLUSION if place[1] > 1])
def test_a_corrupted_inclusion_proof_is_refused(place: tuple[int, int]) -> None:
    index, size = place
    leaf, root, proof = tree.leaf_hash(LEAVES[index]), ROOTS[size - 1], list(named(INCLUSION[place]))
    probes = {
        "index - 1": (index - 1, size, leaf, proof, root),
        "index + 1": (index + 1, size, leaf, proof, root),
        "index ^ 2": (index ^ 2, size, leaf, proof, root),
        "index + size": (index + size, size, leaf, proof, root),
        "size doubled": (index, size * 2, leaf, proof, root),
        "size halved": (index, size // 2, leaf, proof, root),
        "size 0": (index, 0, leaf, proof, root),
        "size beyond 2^63": (index, 2**63, leaf, proof, root),
        "another leaf": (index, size, SOME, proof, root),
        "a leaf that is no hash": (index, size, b"WrongLeaf", proof, root),
        "an empty root": (index, size, leaf, proof, b""),
        "another root": (index, size, leaf, proof, SOME),
        "empty tree's root": (index, size, leaf, proof, tree.EMPTY_ROOT),
        "trailing garbage": (index, size, leaf, [*proof, b""], root),
        "trailing root": (index, size, leaf, [*proof, root], root),
        "preceding garbage": (index, size, leaf, [b"", *proof], root),
        "preceding root": (index, size, leaf, [root, *proof], root),
        "shortened": (index, size, leaf, proof[:-1], root),
        "without first": (index, size, leaf, proof[1:], root),
        "inserted": (index, size, leaf, [*proof[:1], SOME, *proof[1:]], root),
        "64 more": (index, size, leaf, proof + [SOME] * 64, root),
    }
    for at in range(len(proof)):
        bad = [*proof[:at], bytes([proof[at][0] ^ 8]) + proof[at][1:], *proof[at + 1 :]]
        probes[f"bit in {at}"] = (index, size, leaf, bad, root)
        probes[f"{at} cut short"] = (index, size, leaf, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root)
    accepted = [
        name
        for name, (i, n, lf, p, r) in probes.items()
        if not refused(lambda i=i, n=n, lf=lf, p=p, r=r: tree.verify_inclusion(i, size=n, leaf=lf, proof=p, root=r))
    ]
    assert accepted == []


@pytest.mark.parametrize("sizes", [sizes for sizes in CONSISTENCY if sizes[0] != sizes[1]])
def test_a_corrupted_consistency_proof_is_refused(sizes: tuple[int, int]) -> None:
    old, new = sizes
    first, second, proof = ROOTS[old - 1], ROOTS[new - 1], list(named(CONSISTENCY[sizes]))
    probes = {
        "old size - 1": (old - 1, new, first, second, proof),
        "old size + 1": (old + 1, new, first, second, proof),
        "old size ^ 2": (old ^ 2, new, first, second, proof),
        "old size 0": (0, new, first, second, proof),
        "old size 0, empty proof": (0, new, tree.EMPTY_ROOT, second, []),
        "new size doubled": (old, new * 2, first, second, proof),
        "new size halved": (old, new // 2, first, second, proof),
        "back in time": (new, old, second, first, proof),
        "old root that is no hash": (old, new, b"WrongRoot", second, proof),
        "new root that is no hash": (old, new, first, b"WrongRoot", proof),
        "another old root": (old, new, SOME, second, proof),
        "another new root": (old, new, first, SOME, proof),
        "swapped roots": (old, new, second, first, proof),
        "empty proof": (old, new, first, second, []),
        "trailing garbage": (old, new, first, second, [*proof, b""]),
        "trailing old root": (old, new, first, second, [*proof, first]),
        "trailing new root": (old, new, first, second, [*proof, second]),
        "preceding garbage": (old, new, first, second, [b"", *proof]),
        "preceding old root": (old, new, first, second, [first, *proof]),
        "preceding new root": (old, new, first, second, [second, *proof]),
        "first twice": (old, new, first, second, [proof[0], *proof]),
        "shortened": (old, new, first, second, proof[:-1]),
    }
    for at in range(len(proof)):
        bad = [*proof[:at], bytes([proof[at][0] ^ 16]) + proof[at][1:], *proof[at + 1 :]]
        probes[f"bit in {at}"] = (old, new, first, second, bad)
    accepted = [
        name
        for name, (m, n, a, b, p) in probes.items()
        if not refused(
            lambda m=m, n=n, a=a, b=b, p=p: tree.verify_consistency(
                old_size=m, old_root=a, new_size=n, new_root=b, proof=p
            )
        )
    ]
    assert accepted == []


def test_only_hashes_of_32_bytes_are_compared() -> None:
    for leaf, root in ((b"", b""), (ROOTS[0] + b"x", ROOTS[0] + b"x")):
        with pytest.raises(Invalid, match="32 bytes"):
            tree.verify_inclusion(0, size=1, leaf=leaf, proof=[], root=root)
        with pytest.raises(Invalid, match="32 bytes"):
            tree.verify_consistency(old_size=5, old_root=root, new_size=5, new_root=root, proof=[])


def test_a_root_of_a_taller_tree_is_not_one_of_the_stated_size() -> None:
    with pytest.raises(Invalid, match="longer"):
        tree.verify_inclusion(0, size=1, leaf=ROOTS[0], proof=[SOME], root=tree.node_hash(SOME, ROOTS[0]))
    proof = tree.consistency_proof(3, 4, hashes=Naive(LEAVES).hashes)
    with pytest.raises(Invalid):
        tree.verify_consistency(
            old_size=3,
            old_root=tree.node_hash(SOME, ROOTS[2]),
            new_size=4,
            new_root=tree.node_hash(SOME, ROOTS[3]),
            proof=[*proof, SOME],
        )


def test_a_tree_of_one_size_is_consistent_only_with_itself() -> None:
    root = ROOTS[4]
    tree.verify_consistency(old_size=5, old_root=root, new_size=5, new_root=root, proof=[])
    for new_root, proof in ((ROOTS[3], []), (root, [SOME])):
        with pytest.raises(Invalid):
            tree.verify_consistency(old_size=5, old_root=root, new_size=5, new_root=new_root, proof=proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (0, 2**63)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(Invalid) as error:
        tree.inclusion_proof(index, size=size, hashes=NAIVE.hashes)
    assert error.value.field == "index"


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5), (1, 2**63)])
def test_no_consistency_is_proven_from_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(Invalid) as error:
        tree.consistency_proof(old, new, hashes=NAIVE.hashes)
    assert error.value.field == "size"


def test_random_bigger_trees_have_the_naive_proofs() -> None:
    chance = random.Random(6962)
    big = Naive([b"%d" % n for n in range(70_000)])
    for _ in range(40):
        size = chance.randint(300, 70_000)
        index, old = chance.randrange(size), chance.randint(1, size)
        root = tree.root_at(size, big.hashes)
        assert root == big.mth(0, size)
        proof = tree.inclusion_proof(index, size=size, hashes=big.hashes)
        assert list(proof) == big.path(index, 0, size)
        tree.verify_inclusion(index, size=size, leaf=big.mth(index, index + 1), proof=proof, root=root)
        proof = tree.consistency_proof(old, size, hashes=big.hashes)
        assert list(proof) == big.subproof(old, 0, size, True)
        tree.verify_consistency(old_size=old, old_root=big.mth(0, old), new_size=size, new_root=root, proof=proof)


@given(st.integers(1, 70), st.data())
def test_a_proof_holds_for_one_leaf_one_place_and_one_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index, size=size, hashes=NAIVE.hashes)
    other_index = data.draw(st.integers(0, size - 1))
    other_size = data.draw(st.integers(1, 70))
    same = (other_index, NAIVE.mth(0, other_size)) == (index, NAIVE.mth(0, size))
    verifies = not refused(
        lambda: tree.verify_inclusion(
            other_index,
            size=other_size,
            leaf=NAIVE.mth(index, index + 1),
            proof=proof,
            root=NAIVE.mth(0, other_size),
        )
    )
    assert verifies is same
