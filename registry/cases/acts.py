"""The acts of one case, opened with its key: what was done, by whom, when, and where it stands in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry import vault
from registry.db import Session
from registry.log.actions import CaseKey
from registry.log.models import Act


@dataclass(frozen=True, slots=True)
class Opened:
    """An act and what its seals held. `position` is None until the sequencer has given it a place."""

    act: Act
    verb: str
    actor: str
    at: datetime
    position: int | None
    facts: dict[str, Any] = field(repr=False)
    rows: frozenset[tuple[str, str]] = field(repr=False)  # (table, primary key) of what it wrote
    record: bytes = field(repr=False)  # as it was committed to


def of_case(session: Session, key: CaseKey) -> Iterator[Opened]:
    """In the order in which they were written."""
    for act in session.scalars(sa.select(Act).where(Act.case_id == key.case_id).order_by(Act.id)):
        text, rows = _opened(key, act, "record"), json.loads(_opened(key, act, "rows"))
        record = json.loads(text)
        yield Opened(
            act=act,
            verb=record["verb"],
            actor=record["actor"],
            at=act.at,
            position=act.position,
            facts=record["facts"],
            rows=frozenset((table, row) for table, row, _digest in rows),
            record=text,
        )


def salt_of(key: CaseKey, act: Act) -> bytes:
    """With the record it opens the leaf: see `registry.log.leaf.commit`."""
    return _opened(key, act, "salt")


def _opened(key: CaseKey, act: Act, column: str) -> bytes:
    return vault.open_sealed(key.key, getattr(act, column), table="act", row=act.uid, column=column)
