"""Behind the registry's back: raw SQL on a copy of the file, and what the audit then says."""

# ruff: noqa: S608 - names of tables and columns come from the metadata

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
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
    """A copy of the told database, where the store looks for one."""

    path: Path
    told: Told
    store: Store

    def rows(self, table: sa.Table) -> list[Row]:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid')]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            connection.execute("PRAGMA synchronous=OFF")  # it is thrown away
            with connection:
                yield connection

    def run(self, *statements: tuple[str, Sequence[Any]]) -> None:
        with self._open() as connection:
            for text, values in statements:
                connection.execute(text, values)

    def delete(self, table: sa.Table, row: Row) -> None:
        self.run(_delete(table, row))

    def edit(self, table: sa.Table, row: Row, column: str, value: Any) -> set[str]:
        """The names of the row before and after; none when the database refuses the value, or takes it as the same."""
        (names,) = self.edit_all([(table, row, column, value)])
        return names

    def edit_all(self, edits: Iterable[tuple[sa.Table, Row, str, Any]]) -> list[set[str]]:
        with self._open() as connection:
            connection.row_factory = sqlite3.Row
            return [_edit(connection, *each) for each in edits]

    def insert(self, table: sa.Table, row: Row) -> None:
        self.run(_insert(table, row))

    def swap(self, table: sa.Table, one: Row, other: Row) -> None:
        """Each keeps its primary key and takes everything else of the other."""
        keys = [column.name for column in table.primary_key]
        new = [{**b, **{key: a[key] for key in keys}} for a, b in ((one, other), (other, one))]
        self.run(_delete(table, one), _delete(table, other), *(_insert(table, row) for row in new))

    def audit(self) -> tuple[Difference, ...]:
        try:
            return audit(self.store, log=self.told.log, now=self.told.now).differences
        finally:
            self.store.engine.dispose()  # the next copy is another file

    def named(self) -> set[str]:
        return {difference.name for difference in self.audit()}


def _edit(connection: sqlite3.Connection, table: sa.Table, row: Row, column: str, value: Any) -> set[str]:
    where, keys = _where(table, row)
    (number,) = connection.execute(f'SELECT rowid FROM "{table.name}" WHERE {where}', keys).fetchone()
    try:
        connection.execute(f'UPDATE "{table.name}" SET "{column}" = ? WHERE rowid = ?', [value, number])
    except sqlite3.IntegrityError:
        return set()
    if list(table.primary_key) == [table.columns[column]] and isinstance(value, int):
        number = value  # SQLite's own row number is this column
    after = connection.execute(f'SELECT * FROM "{table.name}" WHERE rowid = ?', [number]).fetchone()
    return {name_of(table, row), name_of(table, dict(after))} if dict(after) != row else set()


def _where(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    keys = [column.name for column in table.primary_key]
    return " AND ".join(f'"{key}" = ?' for key in keys), [row[key] for key in keys]


def _delete(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    where, keys = _where(table, row)
    return f'DELETE FROM "{table.name}" WHERE {where}', keys


def _insert(table: sa.Table, row: Row) -> tuple[str, list[Any]]:
    names = ", ".join(f'"{name}"' for name in row)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(row))})', list(row.values())


def edits(table: sa.Table, row: Row, *, per_column: int | None = None) -> list[tuple[str, Any]]:
    """Columns and what to put there: of each column so many values, or all."""
    return [
        (column.name, value)
        for column in table.columns
        for value in list(other_values(column, row[column.name]))[-(per_column or 0) :]
    ]


def other_values(column: sa.Column[Any], value: Any) -> Iterator[Any]:
    """Values that somebody might put in place of `value`; the last of each is the nearest to it."""
    yield sqlite3.Binary(b"\xff\xfe")
    yield "x" if not isinstance(value, str) else value.encode()
    if value is not None and column.nullable:
        yield None
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
