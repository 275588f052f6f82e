"""An audit that goes on from the last one reads what is new, and finds whatever was taken back or rewritten."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from registry.audit import following
from registry.errors import Invalid
from registry.log import checkpoint, leaf, tree
from registry.log.checkpoint import Kind
from registry.log.quorum import Policy, Witness
from registry.signing import keys
from tests.conftest import START
from tests.unit.audit.conftest import ORIGIN
from tests.unit.audit.test_audit_remote import ENTRIES, SIZE, Served, entry

W_KEY = keys.generate()
W = checkpoint.verifier_key("w.example", W_KEY.public_key(), kind=Kind.WITNESS)


@pytest.fixture
def served() -> Served:
    made = Served()
    made.publish(list(ENTRIES))
    return made


def policy(served: Served) -> Policy:
    log = checkpoint.verifier_key(ORIGIN, served.key.public_key())
    return Policy(log, (Witness("w", W),), (), "none")


def follow(served: Served, seen: str, read: list[str] | None = None) -> set[tuple[str, str]]:
    def fetch(path: str) -> bytes:
        if read is not None:
            read.append(path)
        return served.fetch(path)

    outcome = following.follow(fetch, policy=policy(served), seen=seen, sample=4, dice=random.Random(1))
    return {(each.kind.value, each.name) for each in outcome.differences}


def grown(count: int) -> list[bytes]:
    return [*ENTRIES, *(entry(number) for number in range(SIZE, SIZE + count))]


@pytest.mark.parametrize("count", [0, 1, 212, 213, 900])
def test_what_grew_has_no_difference(served: Served, count: int) -> None:
    seen = served.audit().note
    served.publish(grown(count))
    assert follow(served, seen) == set()


def test_only_what_is_new_is_read_and_a_sample(served: Served) -> None:
    seen = served.publish(grown(5000))
    served.publish(grown(5010))
    read: list[str] = []
    assert follow(served, seen, read) == set()
    assert len([path for path in read if "entries" in path]) <= 6
    assert len(read) == len(set(read))


Change = Callable[[Served], object]


def _rewritten(served: Served) -> None:
    served.publish([entry(7000, 0), *grown(20)[1:]])


def _other_new_entry(served: Served) -> None:
    served.publish(grown(20))
    path = f"tile/entries/001.p/{SIZE + 20 - 256}"
    served.files[path] = served.files[path].replace(grown(20)[-1], entry(9000, SIZE + 19))


def _new_bundle_gone(served: Served) -> None:
    served.publish(grown(20))
    del served.files[f"tile/entries/001.p/{SIZE + 20 - 256}"]


def _older(served: Served) -> None:
    served.publish([*ENTRIES, entry(SIZE, 0)])


def _no_leaf(served: Served) -> None:
    served.publish([*ENTRIES, b"{}"])


FOUND: dict[str, tuple[Change, tuple[str, str]]] = {
    "taken back": (lambda served: served.publish(ENTRIES[:-1]), ("missing", f"checkpoint:{SIZE}")),
    "rewritten": (_rewritten, ("altered", f"checkpoint:{SIZE}")),
    "another new entry": (_other_new_entry, ("altered", f"checkpoint:{SIZE + 20}")),
    "a new bundle that is gone": (_new_bundle_gone, ("missing", f"leaf:{SIZE}")),
    "an older leaf": (_older, ("back-dated", f"leaf:{SIZE}")),
    "no leaf": (_no_leaf, ("altered", f"leaf:{SIZE}")),
    "tiles that are gone": (lambda served: served.files.pop("tile/1/000.p/1"), ("missing", f"checkpoint:{SIZE}")),
}


@pytest.mark.parametrize(("change", "wanted"), FOUND.values(), ids=FOUND.keys())
def test_it_is_named(served: Served, change: Change, wanted: tuple[str, str]) -> None:
    seen = served.audit().note
    change(served)
    assert wanted in follow(served, seen)


def test_an_old_entry_that_was_changed_is_found_in_the_sample(served: Served) -> None:
    seen = served.audit().note
    served.files["tile/entries/000"] = served.files["tile/entries/000"].replace(b'"v":1', b'"v":2')
    named = follow(served, seen)
    assert {kind for kind, _ in named} == {"altered"}
    assert len(named) >= 3


def test_a_state_of_another_log_is_refused(served: Served) -> None:
    other = Served()
    with pytest.raises(Invalid, match="kept from the last audit"):
        follow(served, other.publish(list(ENTRIES)))


def test_a_head_without_its_quorum_is_refused(served: Served) -> None:
    strict = Policy(policy(served).log, policy(served).witnesses, (), "w")
    with pytest.raises(Invalid, match="quorum w"):
        following.follow(served.fetch, policy=strict, seen=served.files["checkpoint"].decode())


def cosigned(served: Served, entries: list[bytes]) -> str:
    head = checkpoint.Checkpoint(ORIGIN, len(entries), tree.root_of(map(tree.leaf_hash, entries)))
    line = checkpoint.cosign(head, name="w.example", key=W_KEY, now=START)
    return checkpoint.attach(checkpoint.sign(head, key=served.key), [line])


def viewed(served: Served, note: str) -> set[str]:
    return {each.name for each in following.views({"w": note}, policy=policy(served), fetch=served.fetch)}


def test_a_witness_that_saw_the_same_log_has_no_difference(served: Served) -> None:
    for size in (1, 256, 299, SIZE):
        assert viewed(served, cosigned(served, ENTRIES[:size])) == set()


def test_a_witness_that_saw_another_log_is_named(served: Served) -> None:
    for entries in ([entry(9000, 0), *ENTRIES[1:]], [*ENTRIES, entry(SIZE)], [entry(9000)]):
        assert viewed(served, cosigned(served, entries)) == {"witness:w"}
    assert viewed(served, served.files["checkpoint"].decode()) == {"witness:w"}  # not cosigned at all


def key_leaf(number: int, state: str) -> bytes:
    clear = {"use": "report", "member": "acme", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A"}, "state": state}
    at = START + timedelta(seconds=SIZE + number)
    return leaf.encode(leaf.Leaf((10**6 + number).to_bytes(32, "big"), at, "key", clear))


@pytest.mark.parametrize(
    ("states", "wrong"),
    [
        (["enrolled", "revoked"], set()),
        (["enrolled", "enrolled"], {1}),
        (["enrolled", "revoked", "revoked"], {2}),
        (["enrolled", "revoked", "enrolled"], {2}),
    ],
)
def test_keys_are_enrolled_and_revoked_in_order(served: Served, states: list[str], wrong: set[int]) -> None:
    served.publish([*ENTRIES, *(key_leaf(number, state) for number, state in enumerate(states))])
    assert served.named() == {("altered", f"leaf:{SIZE + number}") for number in wrong}
