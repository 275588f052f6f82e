"""The tlog-proof text: one form, and it verifies for one entry of one log."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.log import checkpoint, proof, tiles, tree
from registry.log.checkpoint import Checkpoint, Kind
from registry.log.proof import Proof
from registry.log.quorum import Policy, Witness

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ORIGIN = "registry.example/log"
LOG_KEY, W_KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
VKEY = checkpoint.verifier_key(ORIGIN, LOG_KEY.public_key()).vkey
W_VKEY = checkpoint.verifier_key("w.example", W_KEY.public_key(), kind=Kind.WITNESS).vkey
ENTRIES = [b"entry %d" % n for n in range(300)]
GROWN = tiles.append(0, [tree.leaf_hash(entry) for entry in ENTRIES], lambda *_: b"")
HASHES = tiles.hashes(lambda *at: GROWN.tiles[at])
HEAD = Checkpoint(ORIGIN, 300, GROWN.root)
NOTE = checkpoint.attach(
    checkpoint.sign(HEAD, key=LOG_KEY), [checkpoint.cosign(HEAD, name="w.example", key=W_KEY, now=NOW)]
)


def of(index: int, *, extra: bytes | None = None) -> Proof:
    return Proof(index, tree.inclusion_proof(index, size=300, hashes=HASHES), NOTE, extra)


GOOD = of(73).encode()


WITNESS = Witness("w", checkpoint.parse_vkey(W_VKEY))


def verify(text: str, *, entry: bytes = ENTRIES[73], vkey: str = VKEY, quorum: str = "none") -> proof.Proven:
    return proof.verify(text, entry=entry, policy=Policy(checkpoint.parse_vkey(vkey), (WITNESS,), (), quorum))


@pytest.mark.parametrize("index", [0, 1, 73, 255, 256, 299])
def test_an_entry_is_proven_where_it_stands(index: int) -> None:
    proven = verify(of(index).encode(), entry=ENTRIES[index], quorum="w")
    assert proven.index == index
    assert proven.opened.checkpoint == HEAD
    assert [seen.witness for seen in proven.opened.cosignatures] == ["w.example"]


def test_the_text_is_that_of_the_specification() -> None:
    text = of(299, extra=b"anything").encode()
    hashes = [base64.b64encode(each).decode() for each in of(299).hashes]
    assert text == "\n".join(["c2sp.org/tlog-proof@v1", "extra YW55dGhpbmc=", "index 299", *hashes, "", NOTE])
    assert of(299).encode() == text.replace("extra YW55dGhpbmc=\n", "")


@given(st.integers(0, 299), st.none() | st.binary(max_size=40))
def test_every_proof_is_read_back(index: int, extra: bytes | None) -> None:
    one = of(index, extra=extra)
    assert proof.parse(one.encode()) == one


def test_a_log_of_one_entry_needs_no_hashes() -> None:
    head = Checkpoint(ORIGIN, 1, tree.leaf_hash(b"only"))
    text = Proof(0, (), checkpoint.sign(head, key=LOG_KEY)).encode()
    assert verify(text, entry=b"only").index == 0


NOTHING_PROVEN = {
    "another entry": lambda: verify(GOOD, entry=ENTRIES[74]),
    "another index": lambda: verify(GOOD.replace("index 73", "index 72")),
    "an index beyond the tree": lambda: verify(GOOD.replace("index 73", "index 300")),
    "an index with other high bits": lambda: verify(GOOD.replace("index 73", f"index {73 + 512}")),
    "a node given as an entry": lambda: verify(
        GOOD, entry=b"\x01" + tree.leaf_hash(ENTRIES[72]) + tree.leaf_hash(ENTRIES[73])
    ),
    "another log's key": lambda: verify(GOOD, vkey=checkpoint.verifier_key(ORIGIN, OTHER.public_key()).vkey),
    "another origin": lambda: verify(
        GOOD, vkey=checkpoint.verifier_key("other.example/log", LOG_KEY.public_key()).vkey
    ),
    "a witness's key as the log's": lambda: verify(GOOD, vkey=W_VKEY),
    "a quorum that is not met": lambda: verify(GOOD, quorum="both"),
    "hashes in another order": lambda: verify(Proof(73, of(73).hashes[::-1], NOTE).encode()),
    "a hash less": lambda: verify(Proof(73, of(73).hashes[:-1], NOTE).encode()),
    "a hash more": lambda: verify(Proof(73, (*of(73).hashes, bytes(32)), NOTE).encode()),
    "a head of another size": lambda: verify(GOOD.replace("\n300\n", "\n301\n")),
    "a head signed for another root": lambda: verify(
        Proof(73, of(73).hashes, checkpoint.sign(Checkpoint(ORIGIN, 300, bytes(32)), key=LOG_KEY)).encode()
    ),
    "an empty log": lambda: verify(
        Proof(0, (), checkpoint.sign(Checkpoint(ORIGIN, 0, tree.EMPTY_ROOT), key=LOG_KEY)).encode()
    ),
}


@pytest.mark.parametrize("attempt", NOTHING_PROVEN.values(), ids=NOTHING_PROVEN.keys())
def test_nothing_is_proven_of(attempt) -> None:
    with pytest.raises(Invalid):
        attempt()


LINE = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
MALFORMED = {
    "nothing": "",
    "another header": GOOD.replace("@v1", "@v2"),
    "header in capitals": GOOD.replace("c2sp", "C2SP"),
    "header with a space": GOOD.replace("@v1\n", "@v1 \n"),
    "no header": GOOD.split("\n", 1)[1],
    "header only": "c2sp.org/tlog-proof@v1\n\n" + NOTE,
    "no index": GOOD.replace("index 73\n", ""),
    "no number": GOOD.replace("index 73", "index "),
    "index without space": GOOD.replace("index 73", "index73"),
    "index with two spaces": GOOD.replace("index 73", "index  73"),
    "index with leading zero": GOOD.replace("index 73", "index 073"),
    "index negative": GOOD.replace("index 73", "index -73"),
    "index with plus": GOOD.replace("index 73", "index +73"),
    "index beyond 2^63": GOOD.replace("index 73", f"index {2**63}"),
    "index in words": GOOD.replace("index 73", "index notanumber"),
    "two indices": GOOD.replace("index 73\n", "index 73\nindex 73\n"),
    "extra after the index": GOOD.replace("index 73\n", "index 73\nextra AAAA\n"),
    "two extras": GOOD.replace("index 73\n", "extra AAAA\nextra AAAA\nindex 73\n"),
    "extra that is no base64": GOOD.replace("index 73\n", "extra !!\nindex 73\n"),
    "extra with loose bits": GOOD.replace("index 73\n", "extra AB==\nindex 73\n"),
    "hash that is no base64": GOOD.replace("index 73\n", "index 73\n!!\n"),
    "hash of 31 bytes": GOOD.replace("index 73\n", f"index 73\n{base64.b64encode(bytes(31)).decode()}\n"),
    "hash of 64 bytes": GOOD.replace("index 73\n", f"index 73\n{base64.b64encode(bytes(64)).decode()}\n"),
    "hash in base64url": GOOD.replace("index 73\n", "index 73\n" + "_" * 43 + "=\n"),
    "hash with a space": GOOD.replace("index 73\n", f"index 73\n{LINE} \n"),
    "64 hashes": GOOD.replace("index 73\n", "index 73\n" + f"{LINE}\n" * 64),
    "carriage returns": GOOD.replace("\n", "\r\n"),
    "no checkpoint": GOOD.split("\n\n")[0] + "\n\n",
    "two empty lines": GOOD.replace("\n\n", "\n\n\n", 1),
    "checkpoint without signature": GOOD[: GOOD.index("\n\n—") + 1],
    "something after it": GOOD + "more\n",
    "huge": GOOD.replace("index 73\n", "extra " + "AAAA" * 70_000 + "\nindex 73\n"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        proof.parse(text)
    assert refused.value.field in ("proof", "checkpoint")


@given(st.data())
def test_an_altered_proof_never_proves_anything_else(data: st.DataObject) -> None:
    text = of(73, extra=b"x").encode()
    at, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 4))
    put = data.draw(st.text("\n —+=/A0179ab", max_size=4))
    try:
        proven = verify(text[:at] + put + text[at + cut :])
    except Invalid:
        return
    assert (proven.index, proven.opened.checkpoint) == (73, HEAD)


@given(st.integers(0, 299), st.integers(0, 299))
def test_a_proof_is_of_its_own_entry(index: int, other: int) -> None:
    if index == other:
        return
    with pytest.raises(Invalid):
        verify(of(index).encode(), entry=ENTRIES[other])


@given(st.text() | st.text("c2sp.org/tlog-proof@v1\nindex 0 =", max_size=80))
def test_no_text_does_anything_but_verify_or_be_refused(text: str) -> None:
    with pytest.raises(Invalid):
        verify(text)
