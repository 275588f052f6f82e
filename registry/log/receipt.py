"""The receipt file: what a member keeps of one batch of checks, and anyone can verify offline.

{"answers": the answers as they were given,
 "entry":   b64url of the leaf, or null while there is no proof,
 "proof":   tlog-proof text, or null,
 "receipt": JWS of typ receipt+jwt (`registry.signing.receipt`)}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import base64url
from registry.errors import Invalid
from registry.signing.claims import LIST, Rule, verify_claims
from registry.signing.keys import PublicKey
from registry.signing.receipt import Receipt, verify_with

from . import leaf, proof
from .quorum import Policy

_TEXT = Rule("text", lambda value: isinstance(value, str))
_TEXT_OR_NULL = Rule("text or null", lambda value: value is None or isinstance(value, str))
_RULES = {"answers": LIST, "entry": _TEXT_OR_NULL, "proof": _TEXT_OR_NULL, "receipt": _TEXT}


@dataclass(frozen=True, slots=True)
class Verified:
    """A receipt that holds. Unless `proven`, it is only the registry's promise, kept or broken by its `deadline`."""

    proven: bool
    count: int
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

    1. the file has its four members; 2. the registry signed the receipt, for these answers (and `member`); 3. the
    opening fits the leaf's commitment; 4. with a proof: the entry is that leaf, it stands in the log of the policy
    under its quorum, and not before the checkpoint that the receipt names.
    """
    verify_claims(doc, _RULES, within="file")  # 1
    receipt = verify_with(doc["receipt"], answers=doc["answers"], key_for=receipt_keys.__getitem__, member=member)  # 2
    leaf.verify_opening(leaf.Leaf(receipt.leaf, receipt.at, "act"), salt=receipt.salt, record=receipt.record)  # 3
    if (doc["proof"] is None) != (doc["entry"] is None):
        raise Invalid("proof and entry must be there together, or both null", field="proof", code="receipt-half-proven")
    if doc["proof"] is not None:  # 4
        entry = base64url.decode(doc["entry"], field="entry")
        _verify_entry(entry, receipt)
        _verify_position(proof.verify(doc["proof"], entry=entry, policy=policy), receipt)
    return Verified(doc["proof"] is not None, receipt.count, receipt.at, receipt)


def _verify_entry(entry: bytes, receipt: Receipt) -> None:
    found = leaf.parse(entry)
    if found.type != "act" or found.commitment != receipt.leaf:
        raise Invalid("entry is not the leaf that the receipt names", field="entry", code="receipt-entry")


def _verify_position(proven: proof.Proven, receipt: Receipt) -> None:
    # The answer was given after the checkpoint that the receipt names, so an older leaf is another one's.
    if proven.index < receipt.size:
        raise Invalid("entry was logged before the answer was given", field="proof", code="receipt-position")
