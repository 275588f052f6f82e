"""A tlog-policy file says which witnesses must have cosigned."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.errors import Invalid
from registry.log import checkpoint, quorum, tree
from registry.log.checkpoint import Checkpoint, Kind, VerifierKey

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ORIGIN = "registry.example/log"
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 7)]
LOG = checkpoint.verifier_key(ORIGIN, KEYS[0].public_key())
NAMES = ("regulator", "acme", "birch", "union")


def witness(name: str, key: Ed25519PrivateKey) -> VerifierKey:
    return checkpoint.verifier_key(f"{name}.example", key.public_key(), kind=Kind.WITNESS)


VKEYS = {name: witness(name, key).vkey for name, key in zip(NAMES, KEYS[1:], strict=False)}
RULE = f"""\
# three of four, the regulator always
log {LOG.vkey} https://registry.example/log

witness regulator {VKEYS["regulator"]} https://w.regulator.example
witness acme {VKEYS["acme"]}
\twitness  birch {VKEYS["birch"]}
witness union {VKEYS["union"]}
group others 2 acme birch union
group three all regulator others
quorum three
"""


def note(*names: str) -> str:
    head = Checkpoint(ORIGIN, 1, tree.leaf_hash(b"x"))
    keys = dict(zip(NAMES, KEYS[1:], strict=False))
    lines = [checkpoint.cosign(head, name=f"{name}.example", key=keys[name], now=NOW) for name in names]
    return checkpoint.attach(checkpoint.sign(head, key=KEYS[0]), lines)


def test_three_of_four_and_the_regulator_always() -> None:
    policy = quorum.parse(RULE)
    enough = [each for count in range(5) for each in combinations(NAMES, count) if policy.is_met(each)]
    assert all("regulator" in each and len(each) >= 3 for each in enough)
    assert len(enough) == 4
    assert list(quorum.weaknesses(policy)) == []


def test_a_note_is_opened_under_its_quorum_and_not_without() -> None:
    policy = quorum.parse(RULE)
    assert policy.open(note("acme", "regulator", "union")).checkpoint.size == 1
    for names in (("acme", "birch", "union"), ("regulator", "acme"), ()):
        with pytest.raises(Invalid, match="must be cosigned by the quorum three"):
            policy.open(note(*names))


def test_addresses_are_kept_and_none_is_needed() -> None:
    policy = quorum.parse(RULE)
    assert [each.url for each in policy.witnesses] == ["https://w.regulator.example", None, None, None]
    assert policy.origin == ORIGIN


def test_a_log_may_vouch_alone_and_that_is_weak() -> None:
    policy = quorum.parse(f"log {LOG.vkey}\nquorum none\n")
    assert policy.open(note()).checkpoint.size == 1
    assert len(list(quorum.weaknesses(policy))) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("acme ", "operator "), ("group three all", "group three any"), ("others 2", "others 1")],
)
def test_a_quorum_below_the_rules_of_the_consortium_is_weak(old: str, new: str) -> None:
    assert list(quorum.weaknesses(quorum.parse(RULE.replace(old, new)))) != []


WRONG = {
    "no log": RULE.replace(f"log {LOG.vkey} https://registry.example/log\n", ""),
    "two logs": RULE + f"log {LOG.vkey}\n",
    "a witness as the log": RULE.replace(LOG.vkey, VKEYS["acme"]),
    "the log as a witness": RULE.replace(VKEYS["acme"], LOG.vkey),
    "no quorum": RULE.replace("quorum three\n", ""),
    "two quorums": RULE + "quorum none\n",
    "a quorum of nobody": RULE.replace("quorum three", "quorum four"),
    "a group before its members": RULE.replace("group others 2", "group others 2 three"),
    "a group without members": RULE + "group empty all\n",
    "a threshold of nought": RULE.replace("others 2", "others 0"),
    "a threshold above the members": RULE.replace("others 2", "others 4"),
    "a threshold in words": RULE.replace("others 2", "others two"),
    "a member twice": RULE.replace("acme birch union", "acme acme birch"),
    "a member of two groups": RULE.replace("all regulator others", "all regulator others acme"),
    "a member called none": RULE.replace("acme birch union", "acme birch none"),
    "a name twice": RULE + f"witness acme {witness('other', KEYS[5]).vkey}\n",
    "one key under two names": RULE.replace(VKEYS["birch"], VKEYS["acme"]),
    "another word": RULE + "tree x\n",
    "carriage returns": RULE.replace("\n", "\r\n"),
    "too long": RULE + "#" * 70_000,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        quorum.parse(text)


def test_two_keys_of_one_name_are_refused() -> None:
    twice = witness("acme", KEYS[5]).vkey
    with pytest.raises(Invalid, match="same name"):
        quorum.parse(RULE.replace(VKEYS["birch"], twice))
