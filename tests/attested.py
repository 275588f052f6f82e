"""Whether the log attests every row as it is, read from the acts alone. A small audit, for use within a test."""

from __future__ import annotations

import json

import sqlalchemy as sa

from registry import vault
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session, Store
from registry.log.actions import primary_key, row_digest
from registry.log.models import Act
from registry.schema import Base


def unattested(store: Store) -> set[str]:
    """`table:key` of every row that the last act which names it does not attest, or that no act names."""
    with store.read() as session:
        said = _said(session)
        there = {
            (mapper.class_.__tablename__, primary_key(row)): row_digest(row)
            for mapper in Base.registry.mappers
            if mapper.class_.logged
            for row in session.scalars(sa.select(mapper.class_))
        }
    said = {name: digest for name, digest in said.items() if digest is not None}
    return {":".join(name) for name in said.keys() | there.keys() if said.get(name) != there.get(name)}


def _said(session: Session) -> dict[tuple[str, str], str | None]:
    """The digest of each row in the last act that names it; None for a row that was deleted."""
    said: dict[tuple[str, str], str | None] = {}
    for act in session.scalars(sa.select(Act).order_by(Act.id)):
        case = session.get_one(Case, act.case_id) if act.case_id else None
        key = key_of(session, case).key if case else session.keyring.vault_key
        rows = json.loads(vault.open_sealed(key, act.rows, table="act", row=act.uid, column="rows"))
        said |= {(table, name): digest for table, name, digest in rows}
    return said
