"""Deleting, editing, adding or exchanging any row behind the registry's back makes the audit name that row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from registry.audit.differences import Kind
from tests.functional.tamper.behind import TABLES, Copy, Row, name_of, other_values, uniquely

Copied = Callable[[], Copy]

# Tables that nothing in the scenario writes to. A new table must come into the scenario, or be put here on purpose.
UNTOLD: set[str] = set()

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=str)


def _some(rows: list[Row]) -> list[Row]:
    """The first, one from the middle, the last."""
    return [rows[i] for i in sorted({0, len(rows) // 2, len(rows) - 1})] if rows else []


def test_the_untouched_database_has_no_difference(copied: Copied) -> None:
    assert copied().audit() == ()


def test_the_scenario_writes_to_every_table(copied: Copied) -> None:
    copy = copied()
    assert {name for name, table in TABLES.items() if not copy.rows(table)} == UNTOLD


@each_table
def test_a_deleted_row_is_named(table: sa.Table, copied: Copied) -> None:
    for row in _some(copied().rows(table)):
        copy = copied()
        copy.delete(table, row)
        found = [difference.kind for difference in copy.audit() if difference.name == name_of(table, row)]
        assert Kind.MISSING in found or table.name == "alembic_version"


@pytest.mark.long
@each_table
def test_every_deleted_row_is_named(table: sa.Table, copied: Copied) -> None:
    for row in copied().rows(table):
        copy = copied()
        copy.delete(table, row)
        assert name_of(table, row) in copy.named()


@each_table
def test_an_edited_column_is_named_by_its_row(table: sa.Table, copied: Copied) -> None:
    rows = copied().rows(table)
    row = next((row for row in rows if None not in row.values()), rows[-1] if rows else {})
    for column in table.columns if row else ():
        for value in other_values(column, row[column.name]):
            copy = copied()
            try:
                copy.edit(table, row, **{column.name: value})
            except sqlite3.IntegrityError:
                continue  # the database itself would not have it
            after = next((each for each in copy.rows(table) if each not in rows), None)
            if after is not None:  # SQLite turns "1" into 1 and nothing has changed
                assert copy.named() & {name_of(table, row), name_of(table, after)}, (column.name, value)


@each_table
def test_an_added_row_is_named(table: sa.Table, copied: Copied) -> None:
    copy = copied()
    rows = copy.rows(table)
    for row in rows[-1:]:
        added = uniquely(table, rows, row)
        copy.insert(table, added)
        found = {difference.name: difference.kind for difference in copy.audit()}
        assert found[name_of(table, added)] is (Kind.ALTERED if table.name == "alembic_version" else Kind.EXTRA)


@each_table
def test_two_rows_that_change_places_are_both_named(table: sa.Table, copied: Copied) -> None:
    copy = copied()
    rows = copy.rows(table)
    for one, other in [(rows[0], rows[-1])] if len(rows) > 1 else []:
        copy.swap(table, one, other)
        if copy.rows(table) != rows:
            assert {name_of(table, one), name_of(table, other)} <= copy.named()


def test_whatever_is_done_at_once_is_named_at_once(copied: Copied) -> None:
    copy = copied()
    deleted, edited = set(), set()
    for table in TABLES.values():
        if rows := copy.rows(table):
            if table.name != "case":  # without its key nothing of a case can be told
                copy.delete(table, rows[0])
                deleted.add(name_of(table, rows[0]))
            if len(rows) > 2 and "at" in rows[1]:
                copy.edit(table, rows[1], at="2025-01-01 00:00:00.000000")
                edited.add(name_of(table, rows[1]))
    assert deleted | edited <= copy.named()
