"""The receipt: the registry's signed answer to one batch of checks, and its promise to log it within 60 s.

    typ     receipt+jwt
    payload {"answers":    b64url SHA-256 over the JCS of the list of answers,
             "aud":        the member that asked,
             "checkpoint": {"root": b64url of 32 bytes, "size"}   the newest one when the answer was given,
             "count":      how many answers,
             "deadline":   iat + 60, by when a checkpoint must cover the leaf,
             "iat", "iss", "jti", "kind": "checks",
             "leaf":       b64url of c, the commitment that the leaf will carry,
             "opening":    {"record", "salt"}   both b64url: what c commits to}

The opened record is the act's (`registry.log.actions`); its facts hold `answers` too, so the log itself fixes what was
answered. A receipt without its proof is a promise; `registry.log.receipt` verifies it with the proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry import base64url
from registry.errors import Invalid

from . import canonical, jws
from .claims import OBJECT, SECONDS, STANDARD, encoded, exactly, verify_claims, verify_value, whole
from .keys import PrivateKey, PublicKey, thumbprint

TYP = "receipt+jwt"
DEADLINE = 60  # seconds from the answer to the checkpoint that covers it

_RULES = {
    **STANDARD,
    "answers": encoded(32),
    "checkpoint": OBJECT,
    "count": whole(1, 100_000),
    "deadline": SECONDS,
    "kind": exactly("checks"),
    "leaf": encoded(32),
    "opening": OBJECT,
}
_OPENING = {"record": encoded(), "salt": encoded(32)}
_CHECKPOINT = {"root": encoded(32), "size": whole(0, 2**53 - 1)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the registry signed it."""

    issuer: str
    member: str
    jti: str
    at: datetime
    deadline: datetime
    answers: str  # digest, as in the payload
    count: int
    leaf: bytes  # the commitment c, 32 bytes
    salt: bytes = field(repr=False)
    record: bytes = field(repr=False)
    size: int  # of the newest checkpoint when the answer was given
    root: bytes


def answers_digest(answers: Sequence[Mapping[str, Any]]) -> str:
    """Base64url SHA-256 over the JCS of the list; goes into the receipt and into the facts of the act."""
    return base64url.encode(hashlib.sha256(canonical.dumps(list(answers), field="answers")).digest())


def issue(
    *,
    issuer: str,
    member: str,
    jti: str,
    now: datetime,
    answers: Sequence[Mapping[str, Any]],
    leaf: bytes,
    salt: bytes,
    record: bytes,
    size: int,
    root: bytes,
    key: PrivateKey,
) -> str:
    """The signed receipt; `size` and `root` are those of the newest checkpoint. Invalid when a part does not fit."""
    return issue_digest(
        issuer=issuer,
        member=member,
        jti=jti,
        now=now,
        digest=answers_digest(answers),
        count=len(answers),
        leaf=leaf,
        salt=salt,
        record=record,
        size=size,
        root=root,
        key=key,
    )


def issue_digest(
    *,
    issuer: str,
    member: str,
    jti: str,
    now: datetime,
    digest: str,
    count: int,
    leaf: bytes,
    salt: bytes,
    record: bytes,
    size: int,
    root: bytes,
    key: PrivateKey,
) -> str:
    """As `issue`, for answers of which only the digest is left: the same bytes as the first time."""
    issued = int(now.timestamp())
    payload = {
        "answers": digest,
        "aud": member,
        "checkpoint": {"root": base64url.encode(root), "size": size},
        "count": count,
        "deadline": issued + DEADLINE,
        "iat": issued,
        "iss": issuer,
        "jti": jti,
        "kind": "checks",
        "leaf": base64url.encode(leaf),
        "opening": {"record": base64url.encode(record), "salt": base64url.encode(salt)},
    }
    _read(payload)
    return jws.sign(payload, typ=TYP, key=key)


def verify(
    token: str, *, answers: Sequence[Mapping[str, Any]], registry_key: PublicKey, member: str | None = None
) -> Receipt:
    """The receipt, if `registry_key` signed it for exactly these answers (and for `member`, when given)."""
    return verify_with(
        token, answers=answers, key_for={thumbprint(registry_key): registry_key}.__getitem__, member=member
    )


def verify_with(
    token: str,
    *,
    answers: Sequence[Mapping[str, Any]],
    key_for: Callable[[str], PublicKey],
    member: str | None = None,
) -> Receipt:
    """As `verify`, for a registry that has had more than one receipt key."""
    payload = jws.verify(token, typ=TYP, key_for=key_for).payload
    receipt = _read(payload)
    if receipt.count != len(answers) or receipt.answers != answers_digest(answers):
        raise Invalid(
            "answers are not the ones that the receipt was given for", field="answers", code="receipt-answers"
        )
    if member is not None:
        verify_value(payload, "aud", member)
    return receipt


def _read(payload: Mapping[str, Any]) -> Receipt:
    verify_claims(payload, _RULES)
    verify_claims(payload["opening"], _OPENING, within="opening")
    verify_claims(payload["checkpoint"], _CHECKPOINT, within="checkpoint")
    if payload["deadline"] != payload["iat"] + DEADLINE:
        raise Invalid(f"deadline must be {DEADLINE} seconds after iat", field="deadline", code="claim-wrong")
    record = base64url.decode(payload["opening"]["record"], field="opening.record")
    _verify_record(record, answers=payload["answers"])
    return Receipt(
        issuer=payload["iss"],
        member=payload["aud"],
        jti=payload["jti"],
        at=datetime.fromtimestamp(payload["iat"], UTC),
        deadline=datetime.fromtimestamp(payload["deadline"], UTC),
        answers=payload["answers"],
        count=payload["count"],
        leaf=base64url.decode(payload["leaf"], field="leaf", size=32),
        salt=base64url.decode(payload["opening"]["salt"], field="opening.salt", size=32),
        record=record,
        size=payload["checkpoint"]["size"],
        root=base64url.decode(payload["checkpoint"]["root"], field="checkpoint.root", size=32),
    )


def _verify_record(record: bytes, *, answers: str) -> None:
    """The act itself must name the answers: else one leaf could stand for two different receipts."""
    facts = canonical.loads(record, field="opening.record").get("facts")
    if not isinstance(facts, dict) or facts.get("answers") != answers:
        raise Invalid(
            "opening.record must have the answers' digest in its facts", field="opening.record", code="receipt-record"
        )
