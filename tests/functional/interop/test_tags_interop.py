"""The browser's module (noble-curves, in node) and the SDK (libsodium) on 1,200 random documents of every type.

Both get the same tags from one key holder; each verifies the other's proofs, and neither takes one that was changed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from registry import base64url
from registry.client import checking, sample
from registry.client.api import Registry
from registry.errors import Invalid
from registry.identity import document, group, tags, voprf
from registry.identity.document import Document
from registry.identity.voprf import Evaluated, KeyPair

pytestmark = pytest.mark.long
Node = Callable[..., Any]
COUNT, BATCH = 1_200, 200
EVALUATIONS = "/api/v1/identity/evaluations"


def anybody(dice: random.Random) -> Document:
    """A resident, or a holder of one of the other documents."""
    kind = dice.randrange(4)
    if kind == 0:
        return document.parse(sample.number(dice))
    if kind == 1:
        first = f"{dice.choice((81, 82, 83))}0000{dice.randrange(1950, 2005)}0101{dice.randrange(1000):03d}"
        return document.parse(first + document.check_digit(first), "CN-HMT")
    if kind == 2:
        return document.parse("".join(dice.choices("ABCDEFGH", k=3)) + f"{dice.randrange(10**12):012d}", "CN-FPR")
    country = dice.choice(("CHN", "DEU", "VNM", "NGA"))
    return document.parse(f"{dice.choice('EGPR')}{dice.randrange(10**8):08d}", f"PASSPORT:{country}")


def batches() -> list[list[Document]]:
    dice = random.Random(9497)
    everybody = [anybody(dice) for _ in range(COUNT)]
    return [everybody[at : at + BATCH] for at in range(0, COUNT, BATCH)]


def as_sent(documents: Sequence[Document]) -> list[dict[str, str]]:
    return [{"type": each.type, "number": each.number} for each in documents]


def decoded(texts: Sequence[str]) -> list[bytes]:
    return [base64url.decode(text, field="elements", size=32) for text in texts]


def spoiled(dice: random.Random, evaluation: dict[str, Any]) -> dict[str, Any]:
    """One bit of the proof is another, or two elements have changed places."""
    if dice.random() < 0.5:
        proof = bytearray(base64url.decode(evaluation["proof"], field="proof"))
        proof[dice.randrange(64)] ^= 1 << dice.randrange(8)
        return {**evaluation, "proof": base64url.encode(bytes(proof))}
    one, other = dice.sample(range(len(evaluation["elements"])), 2)
    elements = list(evaluation["elements"])
    elements[one], elements[other] = elements[other], elements[one]
    return {**evaluation, "elements": elements}


def test_browser_and_sdk_get_the_same_tags_over_the_api(node: Node, hana: Registry) -> None:
    dice, public = random.Random(1), base64url.encode(hana.pins.public_key)
    for people in batches():
        ours, _ = checking.tags_of(hana, people)
        blinded = node("blind", documents=as_sent(people))
        evaluation = hana.post(EVALUATIONS, {"key_id": hana.pins.key_id, "elements": blinded["elements"]})
        wrong = spoiled(dice, evaluation)
        assert "refused" in node("finish", handle=blinded["handle"], evaluation=wrong, publicKey=public)
        theirs = node("finish", handle=blinded["handle"], evaluation=evaluation, publicKey=public)
        assert theirs["value"] == [base64url.encode(tag) for tag in ours]


def test_what_node_evaluates_and_proves_the_sdk_takes_and_what_was_changed_it_does_not(node: Node) -> None:
    dice, pair = random.Random(2), KeyPair.of(group.scalar_random())
    keys = {"secret": base64url.encode(pair.private), "publicKey": base64url.encode(pair.public)}
    for people in batches():
        blinded = [tags.blind(person) for person in people]
        said = node("evaluate", **keys, elements=[base64url.encode(one.element) for one in blinded])

        def unblinded(said: dict[str, Any], blinded: list[voprf.Blinded] = blinded) -> list[bytes]:
            proof = base64url.decode(said["proof"], field="proof")
            return tags.unblind_batch(pair.public, blinded, Evaluated(tuple(decoded(said["elements"])), proof))

        wanted = [group.multiply(pair.private, voprf.hash_to_group(person.oprf_input)) for person in people]
        assert unblinded(said) == wanted
        with pytest.raises(Invalid):
            unblinded(spoiled(dice, said))
