"""Deleting, editing, adding or exchanging any row behind the registry's back makes the audit name that row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import sqlalchemy as sa

from registry.audit.differences import Difference, Kind
from tests.functional.tamper.behind import TABLES, Copy, Row, edits, name_of, uniquely

Copied = Callable[[], Copy]

# Tables that nothing in the scenario writes to. A new table must come into the scenario, or be put here on purpose.
UNTOLD: set[str] = set()

# What is wrong with these makes other rows unreadable, so each is tampered with alone.
FOUNDATIONS = ("act", "alembic_version", "case", "checkpoint", "signing_key", "tile")
ORDINARY = [table for name, table in TABLES.items() if name not in FOUNDATIONS]

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=str)
each_foundation = pytest.mark.parametrize("table", [TABLES[name] for name in FOUNDATIONS], ids=str)


def _fullest(rows: list[Row]) -> Row:
    """The row with the fewest NULLs."""
    return min(rows, key=lambda row: list(row.values()).count(None))


def _names(differences: Iterable[Difference], kind: Kind) -> set[str]:
    return {difference.name for difference in differences if difference.kind is kind}


def _by_digest(differences: Iterable[Difference]) -> set[str]:
    """Named because of what the row itself says, and not because something that hangs on it does not fit."""
    return {each.name for each in differences if "attest" in each.why or "cannot be read" in each.why}


def test_the_untouched_database_has_no_difference(copied: Copied) -> None:
    assert copied().audit() == ()


def test_the_scenario_writes_to_every_table(copied: Copied) -> None:
    copy = copied()
    assert {name for name, table in TABLES.items() if not copy.rows(table)} == UNTOLD


@each_table
def test_a_deleted_row_is_named(table: sa.Table, copied: Copied) -> None:
    copy = copied()
    rows = copy.rows(table)
    for row in rows[len(rows) // 2 :][:1]:
        copy.delete(table, row)
        assert name_of(table, row) in _names(copy.audit(), Kind.MISSING)


@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
def test_deleted_rows_are_all_named(at: int, copied: Copied) -> None:
    copy, deleted = copied(), set()
    for table in ORDINARY:
        if rows := copy.rows(table):
            copy.delete(table, rows[at])
            deleted.add(name_of(table, rows[at]))
    assert deleted <= _names(copy.audit(), Kind.MISSING)


@each_foundation
@pytest.mark.parametrize("at", [0, -1], ids=["first", "last"])
def test_a_deleted_foundation_is_named(table: sa.Table, at: int, copied: Copied) -> None:
    copy = copied()
    row = copy.rows(table)[at]
    copy.delete(table, row)
    assert name_of(table, row) in _names(copy.audit(), Kind.MISSING)


def test_edited_columns_are_named_by_their_rows(copied: Copied) -> None:
    """Round by round, in each table one value of one column more."""
    rows = {table: _fullest(found) for table in ORDINARY if (found := copied().rows(table))}
    wanted = {table: edits(table, row, per_column=2) for table, row in rows.items()}
    for number in range(max(len(each) for each in wanted.values())):
        copy = copied()
        edited = copy.edit_all((t, rows[t], *each[number]) for t, each in wanted.items() if number < len(each))
        named = _by_digest(copy.audit())
        assert [names for names in edited if names and not names & named] == []


@each_foundation
def test_an_edited_column_of_a_foundation_is_named_by_its_row(table: sa.Table, copied: Copied) -> None:
    row = _fullest(copied().rows(table))
    for column, value in edits(table, row, per_column=1):
        copy = copied()
        if names := copy.edit(table, row, column, value):
            assert names & copy.named(), (column, value)


def test_added_rows_are_named(copied: Copied) -> None:
    copy, added = copied(), set()
    for table in ORDINARY:
        if rows := copy.rows(table):
            row = uniquely(table, rows, rows[-1])
            copy.insert(table, row)
            added.add(name_of(table, row))
    assert added <= _names(copy.audit(), Kind.EXTRA)


@each_foundation
def test_an_added_foundation_is_named(table: sa.Table, copied: Copied) -> None:
    copy = copied()
    rows = copy.rows(table)
    row = uniquely(table, rows, rows[-1])
    copy.insert(table, row)
    kind = Kind.ALTERED if table.name == "alembic_version" else Kind.EXTRA
    assert name_of(table, row) in _names(copy.audit(), kind)


def test_rows_that_change_places_are_both_named(copied: Copied) -> None:
    copy, swapped = copied(), set()
    for table in ORDINARY:
        swapped |= _swap(copy, table)
    assert swapped <= _names(copy.audit(), Kind.ALTERED)


@each_foundation
def test_foundations_that_change_places_are_both_named(table: sa.Table, copied: Copied) -> None:
    copy = copied()
    assert _swap(copy, table) <= copy.named()


def _swap(copy: Copy, table: sa.Table) -> set[str]:
    """The names of the first row and the last that differs from it in more than its key."""
    keys = {column.name for column in table.primary_key}
    rows = copy.rows(table)
    unlike = [row for row in rows[1:] if any(row[name] != rows[0][name] for name in row.keys() - keys)]
    if not unlike:
        return set()
    copy.swap(table, rows[0], unlike[-1])
    return {name_of(table, rows[0]), name_of(table, unlike[-1])}


def test_acts_that_exchange_their_positions_are_reordered(copied: Copied) -> None:
    copy, act = copied(), TABLES["act"]
    one, other = copy.rows(act)[3], copy.rows(act)[9]
    move = "UPDATE act SET position = ?, entry = ? WHERE id = ?"
    copy.run(
        (move, [-1, b"", one["id"]]),
        (move, [one["position"], one["entry"], other["id"]]),
        (move, [other["position"], other["entry"], one["id"]]),
    )
    assert copy.named() >= {name_of(act, one), name_of(act, other)}
    copy = copied()
    move = "UPDATE act SET position = ? WHERE id = ?"
    copy.run((move, [-1, one["id"]]), (move, [one["position"], other["id"]]), (move, [other["position"], one["id"]]))
    assert _names(copy.audit(), Kind.REORDERED) == {name_of(act, one), name_of(act, other)}


def test_a_dropped_column_or_table_does_not_stop_the_audit(copied: Copied) -> None:
    copy = copied()
    members = {name_of(TABLES["member"], row) for row in copy.rows(TABLES["member"])}
    webhooks = {name_of(TABLES["webhook"], row) for row in copy.rows(TABLES["webhook"])}
    copy.run(("ALTER TABLE member DROP COLUMN headcount", []), ("DROP TABLE webhook", []))
    found = copy.audit()
    assert members == _names(found, Kind.ALTERED)
    assert {*webhooks, "schema:table:webhook"} == _names(found, Kind.MISSING)


def test_all_tiles_and_checkpoints_deleted_are_all_named(copied: Copied) -> None:
    copy = copied()
    tiles = {name_of(TABLES["tile"], row) for row in copy.rows(TABLES["tile"])}
    last = name_of(TABLES["checkpoint"], copy.rows(TABLES["checkpoint"])[-1])
    copy.run(("DELETE FROM tile", []))
    assert _names(copy.audit(), Kind.MISSING) == tiles
    copy = copied()
    copy.run(("DELETE FROM checkpoint", []))
    assert _names(copy.audit(), Kind.MISSING) == {last}


def test_a_case_that_lost_its_key_is_named_and_what_hangs_on_it_is_told_apart(copied: Copied) -> None:
    copy, case = copied(), TABLES["case"]
    row = copy.rows(case)[0]
    copy.edit(case, row, "wrapped_key", bytes(60))
    first, *rest = copy.audit()
    assert (first.kind, first.name) == (Kind.ALTERED, name_of(case, row))
    assert all("of those that open" in each.why for each in rest)
    assert not {"report", "step", "notice", "entry"} & {each.name.partition(":")[0] for each in rest}
    copy.edit(case, row, "wrapped_key", None)
    assert len(_names(copy.audit(), Kind.ALTERED)) > 10  # each act of it too, for no erasure lists them


@pytest.mark.long
@each_table
def test_every_row_that_is_deleted_is_named(table: sa.Table, copied: Copied) -> None:
    for row in copied().rows(table):
        copy = copied()
        copy.delete(table, row)
        assert name_of(table, row) in _names(copy.audit(), Kind.MISSING)


@pytest.mark.long
@each_table
def test_every_value_that_is_edited_is_named_by_its_row(table: sa.Table, copied: Copied) -> None:
    rows = copied().rows(table)
    for column, value in edits(table, _fullest(rows)) if rows else ():
        copy = copied()
        if names := copy.edit(table, _fullest(rows), column, value):
            assert names & copy.named(), (column, value)
