"""What one case holds, verified in front of a reader: every act against its leaf and the log, every statement against
the key that held when it was logged. For those who do not replay the whole log (`zilu audit` does).

Of an act:
1. its leaf is the commitment to the opened record
2. the row list is the one that the record names
3. the leaf stands in the log under the newest published checkpoint, which the quorum has cosigned

Of a statement:
1. the key was enrolled before, and not revoked before, the act that brought it: by positions, not by dates
2. it is the key of the account or member that is said to have signed
3. the signature holds
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from registry import base64url, vault
from registry.audit.statements import COLUMN, SIGNED, Signed
from registry.cases.acts import Opened, of_case
from registry.db import Base, Session
from registry.errors import Invalid
from registry.keys.models import SigningKey
from registry.log import leaf, proof
from registry.log.actions import CaseKey
from registry.log.models import Act
from registry.log.queries import prove_all
from registry.log.quorum import Policy
from registry.signing import jws, keys


@dataclass(frozen=True, slots=True)
class Proven:
    """An act, and what was verified of it. Neither `size` nor `trouble`: it has no published place yet."""

    act: Opened
    size: int | None = None  # leaves under the checkpoint that proves it
    witnesses: tuple[str, ...] = ()
    trouble: str | None = None
    proof: str | None = field(default=None, repr=False)  # C2SP tlog-proof
    salt: bytes | None = field(default=None, repr=False)
    record: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signed statement of the case: whose, with which key, and which span of the log that key held in."""

    typ: str
    signer: str
    kid: str
    begin: int | None
    end: int | None  # None: it still holds
    position: int | None  # of the act that brought it; None while it has none
    trouble: str | None


def acts(session: Session, key: CaseKey, *, policy: Policy) -> list[Proven]:
    """Every act of the case, in order."""
    opened = list(of_case(session, key))
    proofs = prove_all(session, [each.act for each in opened])
    return [_proven(each, found, key, policy) for each, found in zip(opened, proofs, strict=True)]


def _proven(opened: Opened, found: tuple[bytes, str] | None, key: CaseKey, policy: Policy) -> Proven:
    act, place = opened.act, {"table": "act", "row": opened.act.uid}
    sealed = {"salt": act.salt, "record": act.record, "rows": act.rows}
    salt, record, rows = (vault.open_sealed(key.key, each, **place, column=name) for name, each in sealed.items())
    if base64url.encode(hashlib.sha256(rows).digest()).encode() not in record:  # 2
        return Proven(opened, trouble="its row list is not the one that its record names")
    if found is None:
        return Proven(opened)
    entry, text = found
    try:
        leaf.verify_opening(leaf.parse(entry), salt=salt, record=record)  # 1
        proven = proof.verify(text, entry=entry, policy=policy)  # 3
    except Invalid as error:
        return Proven(opened, trouble=error.message)
    seen = tuple(sorted({each.witness for each in proven.opened.cosignatures}))
    return Proven(opened, proven.opened.checkpoint.size, seen, None, text, salt, record)


def statements(session: Session, key: CaseKey, proven: Sequence[Proven]) -> list[Signature]:
    """Every statement that is sealed under the case's key, in the order of the acts that brought them."""
    brought: dict[tuple[str, str], Opened] = {}
    for each in proven:
        for name in each.act.rows:
            brought.setdefault(name, each.act)
    found = [(brought.get((row.__tablename__, row.id)), row) for row in _signed_rows(session, key.case_id)]
    found.sort(key=lambda pair: pair[0].act.id if pair[0] else math.inf)
    return [_signature(session, key, row, act) for act, row in found]


def _signed_rows(session: Session, case_id: str) -> Iterator[Any]:
    models: dict[str, Any] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    for table, signed in SIGNED.items():
        if signed.under_case and table in models:
            model = models[table]
            yield from session.scalars(sa.select(model).where(model.case_id == case_id, model.kid.is_not(None)))


def _signature(session: Session, key: CaseKey, row: Any, act: Opened | None) -> Signature:
    signed = SIGNED[row.__tablename__]
    signing = session.get(SigningKey, row.kid)
    begin = _position(session, signing.enrolled_by) if signing else None
    end = _position(session, signing.revoked_by) if signing and signing.revoked_by else None
    position = act.position if act else None
    trouble = _trouble(key, row, signed, signing) or _outside(begin, end, position)
    return Signature(signed.typ, str(getattr(row, signed.signer)), row.kid, begin, end, position, trouble)


def _outside(begin: int | None, end: int | None, position: int | None) -> str | None:
    if position is None:
        return None
    if begin is None or not begin <= position < (math.inf if end is None else end):
        return "the key that signed it did not hold at its position in the log"
    return None


def _trouble(key: CaseKey, row: Any, signed: Signed, signing: SigningKey | None) -> str | None:
    if signing is None or getattr(signing, signed.signer) != getattr(row, signed.signer):
        return "the key that signed it is not the one of whom it names"
    place = {"table": row.__tablename__, "row": row.id, "column": COLUMN}
    try:
        token = vault.open_sealed(key.key, getattr(row, COLUMN), **place).decode()
        jws.verify(token, typ=signed.typ, key_for={row.kid: keys.from_jwk(signing.jwk)}.__getitem__)
    except (Invalid, vault.CannotOpen, UnicodeDecodeError):
        return "its signature does not hold"
    return None


def _position(session: Session, uid: str) -> int | None:
    return session.scalar(sa.select(Act.position).where(Act.uid == uid))
