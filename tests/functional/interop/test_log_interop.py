"""Two implementations that are not ours (metamorphic-log in Rust, tlog-scales in Python) say the same of our log.

Trees of random leaves, sizes and positions; every proof and note that we make is taken by both, and what was changed in
one place is refused by both and by us.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import metamorphic_log
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import signing, tlog

from registry.errors import Invalid
from registry.log import checkpoint, tiles, tree
from registry.log.checkpoint import Checkpoint, Kind

pytestmark = pytest.mark.long
ROUNDS = 1000
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def refuses(check: Callable[..., object], *what: Any, **named: Any) -> bool:
    """By whatever exception the implementation raises; ours raises Invalid and nothing else."""
    try:
        check(*what, **named)
    except Exception:
        return True
    return False


class Grove:
    """One tree of random leaves, whose beginnings are older trees."""

    def __init__(self, dice: random.Random) -> None:
        self.leaves = [tree.leaf_hash(dice.randbytes(dice.randrange(200))) for _ in range(3000)]
        grown = tiles.append(0, self.leaves, lambda *_: b"")
        self.hashes = tiles.hashes(lambda *at: grown.tiles[at])

    def root(self, size: int) -> bytes:
        return tree.root_of(self.leaves[:size])


def spoiled(dice: random.Random, proof: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """One bit, one hash less, or one more."""
    if not proof or dice.random() < 0.2:
        return (*proof, dice.randbytes(32))
    at = dice.randrange(len(proof))
    if dice.random() < 0.3:
        return proof[:at] + proof[at + 1 :]
    bit = bytearray(proof[at])
    bit[dice.randrange(32)] ^= 1 << dice.randrange(8)
    return (*proof[:at], bytes(bit), *proof[at + 1 :])


def test_inclusion_proofs() -> None:
    dice = random.Random("inclusion")
    grove = Grove(dice)
    for _ in range(ROUNDS):
        size = dice.randrange(1, 3001)
        at, root = dice.randrange(size), grove.root(size)
        leaf, good = grove.leaves[at], tree.inclusion_proof(at, size=size, hashes=grove.hashes)
        for proof, right in ((good, True), (spoiled(dice, good), False)):
            said = [
                refuses(tree.verify_inclusion, at, size=size, leaf=leaf, proof=proof, root=root),
                refuses(metamorphic_log.verify_inclusion, at, size, leaf, list(proof), root),
                refuses(tlog.InclusionProof(at, size, list(proof)).check, leaf, root),
            ]
            assert said == [not right] * 3


def test_consistency_proofs() -> None:
    dice = random.Random("consistency")
    grove = Grove(dice)
    for _ in range(ROUNDS):
        old = dice.randrange(1, 3000)
        new = dice.randrange(old + 1, 3001)
        before, after = grove.root(old), grove.root(new)
        good = tree.consistency_proof(old, new, hashes=grove.hashes)
        sizes = {"old_size": old, "old_root": before, "new_size": new, "new_root": after}
        for proof, right in ((good, True), (spoiled(dice, good), False)):
            said = [
                refuses(tree.verify_consistency, proof=proof, **sizes),
                refuses(metamorphic_log.verify_consistency, old, new, list(proof), before, after),
                refuses(tlog.ConsistencyProof(old, new, list(proof)).check, before, after),
            ]
            assert said == [not right] * 3


def test_signed_and_cosigned_checkpoints() -> None:
    dice = random.Random("notes")
    for _ in range(ROUNDS):
        log_key, w_key = (Ed25519PrivateKey.from_private_bytes(dice.randbytes(32)) for _ in range(2))
        origin, name = f"registry-{dice.randrange(10**6)}.example/log", f"w{dice.randrange(10**6)}.example"
        head = Checkpoint(origin, dice.randrange(1, 2**40), dice.randbytes(32))
        note = checkpoint.attach(
            checkpoint.sign(head, key=log_key), [checkpoint.cosign(head, name=name, key=w_key, now=NOW)]
        )
        log = checkpoint.verifier_key(origin, log_key.public_key())
        witness = checkpoint.verifier_key(name, w_key.public_key(), kind=Kind.WITNESS)
        other = note.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n", 1)
        assert (
            checkpoint.open_checkpoint(note, log=log, origin=origin, witnesses=[witness], quorum=1).checkpoint == head
        )
        assert metamorphic_log.checkpoint_verify(note, [log.vkey]).size == head.size
        read = tlog.Checkpoint.from_text(note)
        for vkey in (log.vkey, witness.vkey):
            read.verify(signing.Vkey.from_string(vkey))
        with pytest.raises(Invalid):
            checkpoint.open_checkpoint(other, log=log, origin=origin)
        assert refuses(metamorphic_log.checkpoint_verify, other, [log.vkey])
        assert refuses(tlog.Checkpoint.from_text(other).verify, signing.Vkey.from_string(log.vkey))
