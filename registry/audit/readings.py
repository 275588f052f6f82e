"""What somebody has read: the newest acts, opened, that are readings of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry import vault
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.log.models import Act

LOOKS_BACK = 2_000  # acts


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime
    verb: str
    case: str | None  # its number
    position: int | None
    facts: dict[str, Any] = field(repr=False)


def of_account(session: Session, account_id: str, verbs: frozenset[str]) -> Iterator[Reading]:
    """The account's acts of these verbs among the newest `LOOKS_BACK` of all, the newest first.

    What was read in a case that is erased since cannot be told any more.
    """
    cases: dict[str | None, tuple[bytes | None, str | None]] = {None: (session.keyring.vault_key, None)}
    for act in session.scalars(sa.select(Act).order_by(Act.id.desc()).limit(LOOKS_BACK)):
        if act.case_id not in cases:
            cases[act.case_id] = _key(session, act.case_id)
        key, number = cases[act.case_id]
        if key is None:
            continue
        record = json.loads(vault.open_sealed(key, act.record, table="act", row=act.uid, column="record"))
        if record["actor"] == account_id and record["verb"] in verbs:
            yield Reading(act.at, record["verb"], number, act.position, record["facts"])


def _key(session: Session, case_id: str | None) -> tuple[bytes | None, str | None]:
    case = session.get(Case, case_id)
    if case is None or case.wrapped_key is None:
        return None, None
    return key_of(session, case).key, case.number
