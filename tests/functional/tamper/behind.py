"""Behind the registry's back: raw SQL on a copy of the file, and what the audit then says."""

# ruff: noqa: S608 - names of tables and columns come from the metadata

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry import revisions
from registry.audit.differences import Difference
from registry.audit.replay import audit
from registry.db import Store
from registry.schema import Base
from tests.functional.tamper.scenario import Told

Row = dict[str, Any]
VERSION = sa.Table(revisions.TABLE, sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
TABLES = {**{name: Base.metadata.tables[name] for name in sorted(Base.metadata.tables)}, VERSION.name: VERSION}


def name_of(table: sa.Table, row: Row) -> str:
    return f"{table.name}:{'/'.join(str(row[column.name]) for column in table.primary_key)}"


@dataclass(frozen=True)
class Copy:
    """A copy of the told database."""

    path: Path
    told: Told

    def rows(self, table: sa.Table) -> list[Row]:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid')]

    def run(self, *statements: tuple[str, Sequence[Any]]) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            for text, values in statements:
                connection.execute(text, values)

    def delete(self, table: sa.Table, row: Row) -> None:
        self.run(_delete(table, row))

    def edit(self, table: sa.Table, row: Row, **values: Any) -> None:
        names = ", ".join(f'"{name}" = ?' for name in values)
        where, keys = _where(table, row)
        self.run((f'UPDATE "{table.name}" SET {names} WHERE {where}', [*values.values(), *keys]))

    def insert(self, table: sa.Table, row: Row) -> None:
        self.run(_insert(table, row))

    def swap(self, table: sa.Table, one: Row, other: Row) -> None:
        """Each keeps its primary key and takes everything else of the other."""
        keys = [column.name for column in table.primary_key]
        new = [{**b, **{key: a[key] for key in keys}} for a, b in ((one, other), (other, one))]
        self.run(_delete(table, one), _delete(table, other), *(_insert(table, row) for row in new))

    def audit(self) -> tuple[Difference, ...]:
        store = Store(f"sqlite:///{self.path}", self.told.keyring)
        try:
            return audit(store, log=self.told.log, now=self.told.now).differences
        finally:
            store.engine.dispose()

    def named(self) -> set[str]:
        return {difference.name for difference in self.audit()}


def _where(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    keys = [column.name for column in table.primary_key]
    return " AND ".join(f'"{key}" = ?' for key in keys), [row[key] for key in keys]


def _delete(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    where, keys = _where(table, row)
    return f'DELETE FROM "{table.name}" WHERE {where}', keys


def _insert(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    names = ", ".join(f'"{name}"' for name in row)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(row))})', list(row.values())


def other_values(column: sa.Column[Any], value: Any) -> Iterator[Any]:
    """Values that somebody might put in place of `value`; the last two are of no kind that belongs there."""
    match value:
        case None:
            yield {int: 1, bytes: b"\x00", bool: 1}.get(_python(column), "2026-03-01 00:00:00.000000")
        case bytes():
            yield bytes([value[0] ^ 1]) + value[1:] if value else b"\x00"
            yield value[:-1] if value else b"\x00\x00"
        case int():
            yield value + 1
            yield -value - 1
        case str():
            yield value[:-1] + ("0" if value[-1:] != "0" else "1")
            yield value + " "
    if value is not None and column.nullable:
        yield None
    yield "x" if not isinstance(value, str) else value.encode()
    yield sqlite3.Binary(b"\xff\xfe")


def _python(column: sa.Column[Any]) -> type:
    try:
        return column.type.python_type
    except NotImplementedError:
        return object


def uniquely(table: sa.Table, rows: Sequence[Row], row: Row) -> Row:
    """A copy of `row` that no primary or unique key keeps out."""
    unique = {column.name for column in table.primary_key}
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            unique |= {column.name for column in constraint.columns}
    for index in table.indexes:
        if index.unique:
            unique |= {column.name for column in index.columns}
    return {name: _unlike(rows, name, value) if name in unique else value for name, value in row.items()}


def _unlike(rows: Sequence[Row], name: str, value: Any) -> Any:
    match value:
        case int():
            return max(row[name] for row in rows if row[name] is not None) + 1
        case str():
            return value[:-1] + ("z" if value[-1:] != "z" else "y")
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
    return value
