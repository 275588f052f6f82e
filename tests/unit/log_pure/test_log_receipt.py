"""The receipt file, from promise to proof; every fault is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry import base64url
from registry.errors import Invalid
from registry.log import checkpoint, leaf, tiles, tree
from registry.log.checkpoint import Checkpoint, Kind
from registry.log.leaf import Leaf
from registry.log.proof import Proof
from registry.log.quorum import Policy, Witness
from registry.log.receipt import Verified, verify_file
from registry.signing import canonical, keys, receipt

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ORIGIN = "registry.example/log"
LOG_KEY, W_KEY, RECEIPT_KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3, 4))
VKEY = checkpoint.verifier_key(ORIGIN, LOG_KEY.public_key()).vkey
W_VKEY = checkpoint.verifier_key("w.example", W_KEY.public_key(), kind=Kind.WITNESS).vkey
KNOWN = {keys.thumbprint(RECEIPT_KEY.public_key()): RECEIPT_KEY.public_key()}
ANSWERS = [{"id": "c1", "tag": "AAAA", "outcome": "entry", "reference": "E-7"}]
SALT = bytes(range(32))
RECORD = canonical.dumps({"act": "a1", "facts": {"answers": receipt.answers_digest(ANSWERS)}, "verb": "check"})
C = leaf.commit(SALT, "act", RECORD)
ENTRY = leaf.encode(Leaf(C, NOW + timedelta(seconds=1), "act"))
BEFORE = [b"older 0", b"older 1", b"older 2"]


def issued(**change: Any) -> str:
    parts: dict[str, Any] = {
        "issuer": "https://registry.example",
        "member": "M-01",
        "jti": "r1",
        "now": NOW,
        "answers": ANSWERS,
        "leaf": C,
        "salt": SALT,
        "record": RECORD,
        "size": 3,
        "root": tree.root_of(map(tree.leaf_hash, BEFORE)),
        "key": RECEIPT_KEY,
    }
    return receipt.issue(**(parts | change))


def proven(entries: list[bytes], index: int, *, origin: str = ORIGIN, key: Ed25519PrivateKey = LOG_KEY) -> str:
    leaves = [tree.leaf_hash(entry) for entry in entries]
    grown = tiles.append(0, leaves, lambda *_: b"")
    hashes = tree.inclusion_proof(index, size=len(leaves), hashes=tiles.hashes(lambda *at: grown.tiles[at]))
    head = Checkpoint(origin, len(leaves), tree.root_of(leaves))
    cosigned = checkpoint.cosign(head, name="w.example", key=W_KEY, now=NOW + timedelta(seconds=2))
    return Proof(index, hashes, checkpoint.attach(checkpoint.sign(head, key=key), [cosigned])).encode()


PROOF = proven([*BEFORE, ENTRY, b"newer"], 3)
PROMISE = {"receipt": issued(), "answers": ANSWERS, "proof": None, "entry": None}
WHOLE = PROMISE | {"proof": PROOF, "entry": base64url.encode(ENTRY)}


ALONE = Policy(checkpoint.parse_vkey(VKEY))
COSIGNED = Policy(ALONE.log, (Witness("w", checkpoint.parse_vkey(W_VKEY)),), (), "w")
STRANGER = Witness("x", checkpoint.verifier_key("x.example", OTHER.public_key(), kind=Kind.WITNESS))


def verify(doc: dict[str, Any], **more: Any) -> Verified:
    return verify_file(doc, **({"receipt_keys": KNOWN, "policy": ALONE} | more))


def test_a_receipt_without_proof_is_a_promise() -> None:
    verified = verify(PROMISE)
    assert (verified.proven, verified.count, verified.at) == (False, 1, NOW)
    assert verified.receipt.deadline == NOW + timedelta(seconds=60)


def test_a_receipt_with_its_proof_is_proven() -> None:
    verified = verify(WHOLE, policy=COSIGNED, member="M-01")
    assert (verified.proven, verified.count, verified.at) == (True, 1, NOW)


def test_the_first_leaf_of_a_log_can_be_proven() -> None:
    token = issued(size=0, root=tree.EMPTY_ROOT)
    assert verify(WHOLE | {"receipt": token, "proof": proven([ENTRY], 0)}).proven


OTHER_RECORD = canonical.dumps({"facts": {"answers": receipt.answers_digest(ANSWERS)}, "verb": "other"})
OTHER_ENTRY = leaf.encode(Leaf(leaf.commit(SALT, "act", OTHER_RECORD), NOW, "act"))
ERASURE = leaf.encode(Leaf(C, NOW, "erasure"))
FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "a member missing": (lambda: verify({k: v for k, v in WHOLE.items() if k != "entry"}), "file.entry"),
    "a member too many": (lambda: verify(WHOLE | {"note": ""}), "file"),
    "no receipt": (lambda: verify(WHOLE | {"receipt": None}), "file.receipt"),
    "answers that are no list": (lambda: verify(WHOLE | {"answers": {}}), "file.answers"),
    "a proof that is no text": (lambda: verify(WHOLE | {"proof": {}}), "file.proof"),
    "other answers": (lambda: verify(WHOLE | {"answers": [ANSWERS[0] | {"outcome": "no-entry"}]}), "answers"),
    "no answers": (lambda: verify(WHOLE | {"answers": []}), "answers"),
    "a receipt by another key": (lambda: verify(WHOLE | {"receipt": issued(key=OTHER)}), "signature"),
    "no known key": (lambda: verify(WHOLE, receipt_keys={}), "signature"),
    "another member": (lambda: verify(WHOLE, member="M-02"), "aud"),
    "an opening of another leaf": (lambda: verify(PROMISE | {"receipt": issued(leaf=bytes(32))}), "opening"),
    "an opening with another salt": (lambda: verify(PROMISE | {"receipt": issued(salt=bytes(32))}), "opening"),
    "an opening of another record": (lambda: verify(PROMISE | {"receipt": issued(record=OTHER_RECORD)}), "opening"),
    "a proof without entry": (lambda: verify(WHOLE | {"entry": None}), "proof"),
    "an entry without proof": (lambda: verify(WHOLE | {"proof": None}), "proof"),
    "an entry that is no leaf": (lambda: verify(WHOLE | {"entry": "AAAA"}), "leaf"),
    "an entry in base64": (lambda: verify(WHOLE | {"entry": "A+=="}), "entry"),
    "an entry of another act": (
        lambda: verify(WHOLE | {"entry": base64url.encode(OTHER_ENTRY), "proof": proven([*BEFORE, OTHER_ENTRY], 3)}),
        "entry",
    ),
    "an entry of another type": (
        lambda: verify(WHOLE | {"entry": base64url.encode(ERASURE), "proof": proven([*BEFORE, ERASURE], 3)}),
        "entry",
    ),
    "a proof of another entry": (lambda: verify(WHOLE | {"proof": proven([*BEFORE, b"other"], 3)}), "proof"),
    "a proof by another log key": (
        lambda: verify(WHOLE | {"proof": proven([*BEFORE, ENTRY], 3, key=OTHER)}),
        "checkpoint",
    ),
    "a proof of another log": (
        lambda: verify(WHOLE, policy=Policy(checkpoint.verifier_key("other.example/log", LOG_KEY.public_key()))),
        "checkpoint",
    ),
    "a proof from before the answer": (
        lambda: verify(WHOLE | {"proof": proven([*BEFORE[:2], ENTRY, b"newer"], 2)}),
        "proof",
    ),
    "a quorum that is not met": (
        lambda: verify(WHOLE, policy=Policy(ALONE.log, (STRANGER,), (), "x")),
        "checkpoint",
    ),
}


@pytest.mark.parametrize(("attempt", "field"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named(attempt: Callable[[], object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        attempt()
    assert refused.value.field == field
