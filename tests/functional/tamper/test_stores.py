"""The same content on SQLite and on PostgreSQL has the same digests, and the audit says the same of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session as PlainSession

from registry import revisions
from registry.audit.differences import Kind, Silent
from registry.audit.replay import audit
from registry.audit.stored import tables
from registry.db import Store
from registry.log.actions import primary_key, record, row_digest
from registry.members.models import Unit
from registry.schema import Base
from tests.functional.tamper.behind import TABLES, Copy, name_of
from tests.functional.tamper.scenario import Told


@pytest.fixture
def original(copied: Callable[[], Copy]) -> Copy:
    return copied()


@pytest.fixture
def postgres(original: Copy, pg_url: str) -> Iterator[Store]:
    """The told database, row by row on PostgreSQL."""
    store = Store(pg_url, original.told.keyring)
    revisions.upgrade(store.engine)
    with original.store.engine.connect() as source, store.engine.begin() as target:
        target.execute(sa.text("SET session_replication_role = replica"))  # rows point to each other in circles
        for table in Base.metadata.sorted_tables:
            if rows := [dict(row._mapping) for row in source.execute(sa.select(table))]:
                target.execute(table.insert(), rows)
        target.execute(sa.text("SELECT setval(pg_get_serial_sequence('act', 'id'), max(id)) FROM act"))
    original.store.engine.dispose()
    yield store
    store.engine.dispose()


class Writing(Silent):
    """Somebody writes while the audit reads: after the first act that it has read."""

    def __init__(self, store: Store, told: Told) -> None:
        self._store, self._told, self.written = store, told, 0

    def advance(self, count: int) -> None:
        if not self.written:
            with self._store.write() as session:
                session.add(Unit(member_id="acme", name="a new one"))
                record(session, "unit.add", actor="olaf", now=self._told.now)
        self.written += count


def _digests(store: Store) -> dict[str, str]:
    found = {}
    with store.read() as session:
        for name, kind in tables().items():
            for row in session.scalars(sa.select(kind)):
                found[f"{name}:{primary_key(row)}"] = row_digest(row)
    return found


def test_every_row_has_the_same_digest_on_both(original: Copy, postgres: Store) -> None:
    assert _digests(original.store) == _digests(postgres)


def test_the_audit_of_the_untouched_copy_has_no_difference(original: Copy, postgres: Store) -> None:
    assert audit(postgres, log=original.told.log, now=original.told.now).differences == ()


def test_the_audit_names_what_was_done_on_postgresql_too(original: Copy, postgres: Store) -> None:
    deleted = {table: original.rows(table)[-1] for name, table in TABLES.items() if name not in ("case", "checkpoint")}
    with PlainSession(postgres.engine) as session:
        session.execute(sa.text("SET session_replication_role = replica"))
        for table, row in deleted.items():
            keys = {column.name: row[column.name] for column in table.primary_key}
            where = " AND ".join(f'"{key}" = :{key}' for key in keys)
            session.execute(sa.text(f'DELETE FROM "{table.name}" WHERE {where}'), keys)  # noqa: S608
        session.commit()
    found = audit(postgres, log=original.told.log, now=original.told.now).differences
    missing = {difference.name for difference in found if difference.kind is Kind.MISSING}
    last = deleted.pop(TABLES["act"])
    assert {name_of(table, row) for table, row in deleted.items()} <= missing
    assert f"act:(position {last['position']})" in missing  # PostgreSQL may skip ids


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_what_is_written_during_the_audit_is_not_half_seen(
    name: str, original: Copy, request: pytest.FixtureRequest
) -> None:
    store = original.store if name == "sqlite" else request.getfixturevalue("postgres")
    outcome = audit(store, log=original.told.log, now=original.told.now, progress=Writing(store, original.told))
    assert (outcome.differences, outcome.pending) == ((), 0)
    outcome = audit(store, log=original.told.log, now=original.told.now)
    assert (outcome.differences, outcome.pending) == ((), 1)
    store.engine.dispose()
