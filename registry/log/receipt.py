"""The receipt file: what a member keeps of one batch of checks, and anyone can verify offline.

{"answers": the answers as they were given,
 "entry":   b64url of the leaf, or null while there is no proof,
 "proof":   tlog-proof text, or null,
 "receipt": JWS of typ receipt+jwt (`registry.signing.receipt`),
 "absence": [what a snapshot says of the tags (`registry.log.snapshot`), …], or left out}

An answer is complete when a snapshot next to it says the same: the one that ends the checkpoint which the receipt
names, or one that was taken after the answer and before the receipt's deadline. What was answered may have changed
between the first and the answer, so only an answer with which a later one disagrees as well is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import base64url
from registry.errors import Invalid
from registry.signing import canonical
from registry.signing.claims import LIST, Rule, verify_claims
from registry.signing.keys import PublicKey
from registry.signing.receipt import Receipt, verify_with

from . import leaf, proof, snapshot
from .quorum import Policy

_TEXT = Rule("text", lambda value: isinstance(value, str))
_TEXT_OR_NULL = Rule("text or null", lambda value: value is None or isinstance(value, str))
_RULES = {"absence": LIST, "answers": LIST, "entry": _TEXT_OR_NULL, "proof": _TEXT_OR_NULL, "receipt": _TEXT}


@dataclass(frozen=True, slots=True)
class Verified:
    """A receipt that holds. Unless `proven`, it is only the registry's promise, kept or broken by its `deadline`.

    `unsettled` are the tags (base64url) about which no snapshot next to the answer has said the same yet.
    """

    proven: bool
    count: int
    unsettled: tuple[str, ...]
    at: datetime
    receipt: Receipt


def verify_file(
    doc: Mapping[str, Any],
    *,
    receipt_keys: Mapping[str, PublicKey],
    policy: Policy,
    member: str | None = None,
) -> Verified:
    """Verify a receipt file; `receipt_keys` by thumbprint. Invalid names what is wrong.

    1. the file has its members; 2. the registry signed the receipt, for these answers (and `member`); 3. the
    opening fits the leaf's commitment; 4. with a proof: the entry is that leaf, it stands in the log of the policy
    under its quorum, and not before the checkpoint that the receipt names; 5. each snapshot stands there too, next to
    the answer, and a later one contradicts none.
    """
    verify_claims(doc, _RULES, optional=frozenset({"absence"}), within="file")  # 1
    receipt = verify_with(doc["receipt"], answers=doc["answers"], key_for=receipt_keys.__getitem__, member=member)  # 2
    leaf.verify_opening(leaf.Leaf(receipt.leaf, receipt.at, "act"), salt=receipt.salt, record=receipt.record)  # 3
    if (doc["proof"] is None) != (doc["entry"] is None):
        raise Invalid("proof and entry must be there together, or both null", field="proof", code="receipt-half-proven")
    if doc["proof"] is not None:  # 4
        entry = base64url.decode(doc["entry"], field="entry")
        _verify_entry(entry, receipt)
        _verify_position(proof.verify(doc["proof"], entry=entry, policy=policy), receipt)
    unsettled = _unsettled(doc["answers"], doc.get("absence", []), receipt, policy)  # 5
    return Verified(doc["proof"] is not None, receipt.count, unsettled, receipt.at, receipt)


def _unsettled(
    answers: Sequence[Mapping[str, Any]], shown: Sequence[Any], receipt: Receipt, policy: Policy
) -> tuple[str, ...]:
    said = {each["tag"]: each["reference"] for each in answers}
    rotation = _rotation(receipt)
    settled: set[str] = set()
    contradicted: set[str] = set()
    for doc in shown:
        taken, same = snapshot.verify(doc, answers=said, rotation=rotation, policy=policy)
        settled |= same
        if not _is_before(taken, receipt):
            contradicted |= {tag for tag in doc["tags"] if tag not in same}
    if contradicted - settled:
        raise Invalid(
            "the registry answered otherwise than the snapshots before and after show",
            field="absence",
            code="absence-differs",
        )
    return tuple(tag for tag in said if tag not in settled)


def _rotation(receipt: Receipt) -> int:
    """Which made the identity key that the tags are under, as the answer's own act says; 0 and unsaid for the first."""
    facts = canonical.loads(receipt.record, field="receipt.record").get("facts")
    found = facts.get("rotation", 0) if isinstance(facts, dict) else None
    if not isinstance(found, int):
        raise Invalid("the receipt's record does not say which key was asked under", field="receipt.record")
    return found


def _is_before(taken: snapshot.Taken, receipt: Receipt) -> bool:
    """Whether it ends the checkpoint that the receipt names; Invalid unless else it came after, and in time."""
    if taken.position == receipt.size - 1:
        return True
    if taken.position < receipt.size or not receipt.at <= taken.at <= receipt.deadline:
        raise Invalid("the snapshot is not one next to the answer", field="absence.snapshot", code="absence-far")
    return False


def _verify_entry(entry: bytes, receipt: Receipt) -> None:
    found = leaf.parse(entry)
    if found.type != "act" or found.commitment != receipt.leaf:
        raise Invalid("entry is not the leaf that the receipt names", field="entry", code="receipt-entry")


def _verify_position(proven: proof.Proven, receipt: Receipt) -> None:
    # The answer was given after the checkpoint that the receipt names, so an older leaf is another one's.
    if proven.index < receipt.size:
        raise Invalid("entry was logged before the answer was given", field="proof", code="receipt-position")
