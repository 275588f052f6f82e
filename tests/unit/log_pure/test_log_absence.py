"""The absence tree against a naive reading of its definition, and its proofs against whoever bends them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.errors import Conflict, Invalid
from registry.log import absence
from registry.log.absence import Kind
from registry.log.absence_tree import Tree

TAG, SALT, REFERENCE = bytes(range(32)), b"s" * 16, "0f" * 16
LABEL = absence.label(TAG)

# Paths that crowd together, so that bunches split and deep places occur, and paths that do not.
crowded = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 63),
    st.integers(2**63, 2**63 + 40),
    st.sampled_from([0, 1, 2**64 - 1, 2**64 - 2, absence.path(1, LABEL), absence.path(1, LABEL) ^ 1]),
)
slowly = settings(max_examples=50, deadline=None, derandomize=True)
trees = st.dictionaries(crowded, st.binary(min_size=32, max_size=32), max_size=60)


def naive(leaves: Mapping[int, bytes], prefix: str = "") -> bytes:
    """The value of the subtree below `prefix` (bits as text), by the definition; shares nothing with the product."""
    below = {path: c for path, c in leaves.items() if f"{path:064b}".startswith(prefix)}
    if not below:
        return bytes(32)
    if len(below) == 1:
        [(path, c)] = below.items()
        return hashlib.sha256(b"\0" + path.to_bytes(8, "big") + c).digest()
    return hashlib.sha256(b"\1" + naive(below, prefix + "0") + naive(below, prefix + "1")).digest()


def naive_roots(leaves: Mapping[int, bytes]) -> tuple[bytes, ...]:
    return tuple(naive(leaves, f"{number:04b}") for number in range(16))


@slowly
@given(trees)
@example({})
@example(dict.fromkeys(range(17), b"c" * 32))
def test_the_roots_are_those_of_the_definition(leaves: dict[int, bytes]) -> None:
    tree = Tree.of(leaves.items())
    assert tree.roots() == naive_roots(leaves)
    assert dict(tree) == leaves


@slowly
@given(trees, st.lists(st.tuples(crowded, st.binary(min_size=32, max_size=32)), max_size=40))
def test_a_tree_that_was_changed_is_the_tree_that_was_built(
    leaves: dict[int, bytes], changes: list[tuple[int, bytes]]
) -> None:
    before = Tree.of(leaves.items())
    tree, now = before, dict(leaves)
    for path, commitment in changes:
        if path in now:
            del now[path]
            tree = tree.drop(path)
        else:
            now[path] = commitment
            tree = tree.put(path, commitment)
    assert tree == Tree.of(now.items())
    assert tree.roots() == naive_roots(now)
    assert before.roots() == naive_roots(leaves)  # a change leaves the old tree as it was


@slowly
@given(trees, crowded)
def test_each_path_is_proved_present_or_absent_and_found(leaves: dict[int, bytes], path: int) -> None:
    tree = Tree.of(leaves.items())
    assert tree.get(path) == leaves.get(path)
    for each in [path, *leaves]:
        proof = tree.prove(each, SALT)
        assert (proof.kind is Kind.PRESENT) == (each in leaves)
        assert absence.parse(proof.encode()) == proof


@slowly
@given(trees)
def test_the_snapshot_says_what_is_in_the_tree(leaves: dict[int, bytes]) -> None:
    at = absence.path(1, LABEL)
    without = {path: c for path, c in leaves.items() if path != at}
    absent = Tree.of(without.items())
    present = absent.put(at, absence.commit(SALT, LABEL, REFERENCE))
    for tree, reference in ((absent, None), (present, REFERENCE)):
        proof = tree.prove(at, SALT).encode()
        absence.verify(proof, roots=tree.roots(), epoch=1, label=LABEL, reference=reference)
        for other in (None, REFERENCE, "a" * 32):
            if other != reference:
                with pytest.raises(Invalid):
                    absence.verify(proof, roots=tree.roots(), epoch=1, label=LABEL, reference=other)


def bent(roots: tuple[bytes, ...], proof: bytes) -> list[bytes]:
    """The proof with a bit of every byte turned, and cut and lengthened at both ends."""
    turned = [bytes([*proof[:at], proof[at] ^ 1 << at % 8, *proof[at + 1 :]]) for at in range(len(proof))]
    return [*turned, proof[:-1], proof[:-32], proof + b"\0", proof + roots[0], b"", proof[1:]]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("neighbours", [0, 1, 20])
def test_no_bent_proof_holds(listed: bool, neighbours: int) -> None:
    at = absence.path(1, LABEL)
    tree = Tree.of((at ^ 1 << (59 - number), bytes([number]) * 32) for number in range(neighbours))
    if listed:
        tree = tree.put(at, absence.commit(SALT, LABEL, REFERENCE))
    reference, roots, proof = REFERENCE if listed else None, tree.roots(), tree.prove(at, SALT).encode()
    absence.verify(proof, roots=roots, epoch=1, label=LABEL, reference=reference)
    for each in bent(roots, proof):
        with pytest.raises(Invalid):
            absence.verify(each, roots=roots, epoch=1, label=LABEL, reference=reference)


@pytest.mark.parametrize(
    "change",
    [{"epoch": 2}, {"label": absence.label(b"t" * 32)}, {"roots": (b"r" * 32,) * 16}, {"roots": ()}],
    ids=["epoch", "label", "roots", "no roots"],
)
def test_a_proof_is_for_one_label_in_one_snapshot(change: dict[str, object]) -> None:
    at = absence.path(1, LABEL)
    tree = Tree.of([(at, absence.commit(SALT, LABEL, REFERENCE)), (at ^ 1 << 59, b"c" * 32)])
    held = {"roots": tree.roots(), "epoch": 1, "label": LABEL, "reference": REFERENCE}
    absence.verify(tree.prove(at, SALT).encode(), **held)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        absence.verify(tree.prove(at, SALT).encode(), **{**held, **change})  # type: ignore[arg-type]


def test_another_leaf_shows_an_absence_only_where_its_place_covers_the_path() -> None:
    """Else any lone leaf would do for everybody."""
    at = absence.path(1, LABEL)
    listed, stranger = absence.commit(SALT, LABEL, REFERENCE), at ^ 1 << 59
    tree = Tree.of([(at, listed), (stranger, b"c" * 32)])
    beside = tree.prove(stranger ^ 1)
    assert beside.kind is Kind.OTHER
    with pytest.raises(Invalid, match="does not cover"):
        absence.verify(beside.encode(), roots=tree.roots(), epoch=1, label=LABEL, reference=None)
    shown = tree.prove(at, SALT)
    own = absence.Proof(Kind.OTHER, shown.bitmap, at.to_bytes(8, "big") + listed, shown.siblings)
    with pytest.raises(Invalid, match="does not cover"):
        absence.verify(own.encode(), roots=tree.roots(), epoch=1, label=LABEL, reference=None)


def test_an_empty_sibling_has_one_spelling() -> None:
    proof = absence.Proof(Kind.EMPTY, 1, b"", (bytes(32),))
    with pytest.raises(Invalid, match="version 1"):
        absence.parse(proof.encode())


def test_two_leaves_on_one_path_are_refused() -> None:
    tree = Tree.of([(7, b"c" * 32)])
    with pytest.raises(Conflict):
        tree.put(7, b"d" * 32)
    with pytest.raises(Conflict):
        Tree.of([(7, b"c" * 32), (7, b"d" * 32)])


def test_roots_are_512_bytes() -> None:
    roots = Tree.of([(7, b"c" * 32)]).roots()
    assert absence.parse_roots(absence.encode_roots(roots)) == roots
    with pytest.raises(Invalid):
        absence.parse_roots(absence.encode_roots(roots)[:-1])


def test_a_salt_of_another_size_is_refused() -> None:
    with pytest.raises(Invalid):
        absence.commit(b"", LABEL, REFERENCE)


def test_vectors() -> None:
    """For whoever writes another verifier: computed here by hand from the definition, with nothing but SHA-256."""
    label = hashlib.sha256(b"zilu/label/v1\0" + TAG).digest()
    assert label.hex() == "1a5fa6fb523c1055ecd4fbebbd8cb7977b3873b5fbd08d07f62fdbf1975588b8"
    path = hashlib.sha256(b"zilu/absence/v1\0" + (1).to_bytes(8, "big") + label).digest()[:8]
    assert path.hex() == "cc48ffaf5e15caeb"
    commitment = hmac.digest(SALT, b"zilu/entry/v1\0" + label + REFERENCE.encode(), "sha256")
    assert (absence.label(TAG), absence.path(1, label)) == (label, int.from_bytes(path, "big"))
    assert absence.commit(SALT, label, REFERENCE) == commitment
    ours = hashlib.sha256(b"\0" + path + commitment).digest()
    beside = int.from_bytes(path, "big") ^ 1 << 58
    theirs = hashlib.sha256(b"\0" + beside.to_bytes(8, "big") + b"c" * 32).digest()
    tree = Tree.of([(absence.path(1, label), commitment), (beside, b"c" * 32)])
    assert tree.prove(absence.path(1, label), SALT).encode() == b"\2" + (2).to_bytes(8, "big") + SALT + theirs
    lower = hashlib.sha256(b"\1" + (ours + theirs if path[0] & 4 == 0 else theirs + ours)).digest()
    upper = hashlib.sha256(b"\1" + (lower + bytes(32) if path[0] & 8 == 0 else bytes(32) + lower)).digest()
    assert tree.roots()[path[0] >> 4] == upper
    assert upper.hex() == "5b72cb2c724f8ceb845b33a16b60866eb8f929c94762536622e6ada9fd594405"
