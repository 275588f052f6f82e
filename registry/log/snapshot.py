"""What a snapshot says of tags that were asked about, as a member gets it, and its verification. Pure.

{"snapshot": {"entry":  b64url of the snapshot's leaf, whose type is `snapshot`,
              "proof":  tlog-proof text,
              "record": b64url, "salt": b64url of 32 bytes     what the leaf commits to (`registry.log.leaf`)},
 "tags":     [b64url of a tag, …],
 "proofs":   [b64url of the absence proof of that tag (`registry.log.absence`), …]}

The record is an act's, of the verb `log.snapshot`; its facts are {"epoch", "number", "roots": b64url of 16 values,
"rotation": which made the identity key whose tags it is about, 0 and missing in old ones for the first}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import base64url
from registry.errors import Invalid
from registry.signing import canonical
from registry.signing.claims import LIST, OBJECT, Rule, encoded, exactly, verify_claims, whole

from . import absence, leaf, proof
from .quorum import Policy

_TEXT = Rule("text", lambda value: isinstance(value, str))
_RULES = {"proofs": LIST, "snapshot": OBJECT, "tags": LIST}
_SNAPSHOT = {"entry": encoded(), "proof": _TEXT, "record": encoded(), "salt": encoded(32)}
_FACTS = {
    "epoch": whole(1, 2**53 - 1),
    "number": whole(1, 2**53 - 1),
    "roots": encoded(absence.ROOTS * absence.HASH_SIZE),
    "rotation": whole(0, 2**53 - 1),
}
_LATER = frozenset({"rotation"})
_RECORD = {"verb": exactly(absence.VERB), "facts": OBJECT}


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that stands in the log: at which position, when, of which key, and what its tree's roots are."""

    position: int
    at: datetime
    epoch: int
    rotation: int
    roots: tuple[bytes, ...]


def verify(
    doc: Mapping[str, Any], *, answers: Mapping[str, str | None], rotation: int, policy: Policy
) -> tuple[Taken, frozenset[str]]:
    """The snapshot, and the tags about which it says what was answered: by tag the reference, None for no entry.

    1. the parts are there, one proof for each tag, each tag one that was asked about; 2. the leaf is a snapshot's, it
    commits to the record and stands in the log under the quorum; 3. it is about tags of the key that was asked under,
    for of others it says nothing; 4. each proof is well formed. A proof that holds for another answer is no error
    here: what was answered may have changed between the snapshot and the answer. Raises Invalid for all else.
    """
    verify_claims(doc, _RULES, within="absence")  # 1
    tags, proofs = doc["tags"], doc["proofs"]
    if len(tags) != len(proofs) or not all(isinstance(tag, str) and tag in answers for tag in tags):
        raise Invalid("absence must have one proof for each of its tags, all asked about", field="absence.tags")
    taken = _taken(doc["snapshot"], policy)  # 2
    if taken.rotation != rotation:  # 3
        raise Invalid("the snapshot is about another identity key's tags", field="absence", code="absence-key")
    return taken, frozenset(
        tag
        for tag, text in zip(tags, proofs, strict=True)
        if _says(taken, tag, _proof(text), answers[tag])  # 4
    )


def _taken(shown: Mapping[str, Any], policy: Policy) -> Taken:
    verify_claims(shown, _SNAPSHOT, within="absence.snapshot")
    entry, record, salt = (base64url.decode(shown[name], field=name) for name in ("entry", "record", "salt"))
    found = leaf.parse(entry)
    if found.type != "snapshot":
        raise Invalid("entry is not the leaf of a snapshot", field="absence.snapshot.entry", code="absence-entry")
    leaf.verify_opening(found, salt=salt, record=record)
    proven = proof.verify(shown["proof"], entry=entry, policy=policy)
    said = canonical.loads(record, field="absence.snapshot.record")
    verify_claims({name: said.get(name) for name in _RECORD}, _RECORD, within="absence.snapshot.record")
    verify_claims(said["facts"], _FACTS, optional=_LATER, within="absence.snapshot.record.facts")
    roots = absence.parse_roots(base64url.decode(said["facts"]["roots"], field="roots"))
    return Taken(proven.index, found.at, said["facts"]["epoch"], said["facts"].get("rotation", 0), roots)


def _proof(text: object) -> bytes:
    data = base64url.decode(text if isinstance(text, str) else "", field="absence.proofs")
    absence.parse(data)
    return data


def _says(taken: Taken, tag: str, data: bytes, reference: str | None) -> bool:
    label = absence.label(base64url.decode(tag, field="absence.tags"))
    try:
        absence.verify(data, roots=taken.roots, epoch=taken.epoch, label=label, reference=reference)
    except Invalid:
        return False
    return True
