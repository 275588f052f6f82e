"""The database's own objects: what the models have is there, and nothing that would write or show rows by itself.

A trigger, a view in a table's place or a rule changes rows within our own transactions, and a unique key that is gone
lets two through where a compare-and-set lets one. Names are `schema:trigger:…`, `schema:view:…`, `schema:rule:…`,
`schema:table:…` and `schema:unique:table(column,…)`. Tables that no model has are nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from registry.audit.differences import Difference, Kind
from registry.db import Store
from registry.errors import Conflict
from registry.schema import Base

Unique = tuple[str, tuple[str, ...], bool]  # table, columns in the order of their names, whether partial

_OBJECTS = {
    "sqlite": "SELECT type, name FROM sqlite_master WHERE type <> 'index'",
    "postgresql": """
        WITH ours AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
        SELECT 'table', relname::text FROM ours WHERE relkind IN ('r', 'p')
        UNION ALL SELECT 'view', relname::text FROM ours WHERE relkind IN ('v', 'm')
        UNION ALL SELECT 'trigger', tgname::text FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
        UNION ALL SELECT 'rule', rulename::text FROM pg_rewrite JOIN ours ON ours.oid = ev_class
            WHERE rulename <> '_RETURN'
    """,
}
_UNIQUE = {
    "sqlite": """
        SELECT t.name, l.name, l.partial, i.name FROM sqlite_master t
            JOIN pragma_index_list(t.name) l JOIN pragma_index_info(l.name) i
            WHERE t.type = 'table' AND l."unique"
        UNION ALL SELECT t.name, '', 0, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
            WHERE t.type = 'table' AND c.pk > 0
        ORDER BY 1, 2, 4
    """,
    "postgresql": """
        SELECT t.relname::text, i.relname::text, (x.indpred IS NOT NULL)::int, a.attname::text
        FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey)
        WHERE t.relnamespace = current_schema()::regnamespace AND x.indisunique AND x.indisvalid
        ORDER BY 1, 2, 4
    """,
}


def compare(connection: sa.Connection) -> Iterator[Difference]:
    """Name triggers, views and rules, and the tables and unique keys that are not there."""
    tables = set()
    for kind, name in connection.exec_driver_sql(_OBJECTS[connection.dialect.name]):
        if kind == "table":
            tables.add(str(name))
        else:
            yield Difference(Kind.EXTRA, f"schema:{kind}:{name}", "this program makes no such thing")
    for name in sorted(Base.metadata.tables.keys() - tables):
        yield Difference(Kind.MISSING, f"schema:table:{name}", "the database has no such table")
    there = _there(connection)
    for table, columns, partial in sorted(_wanted(connection.dialect.name)):
        if table in tables and (table, columns, partial) not in there:
            why = "nothing keeps these values apart"
            yield Difference(Kind.MISSING, f"schema:unique:{table}({','.join(columns)})", why)


def verify(store: Store) -> None:
    """Raise Conflict when there is a trigger, view or rule, or when a table or unique key is not there."""
    with store.read() as session:
        found = next(compare(session.connection()), None)
    if found is not None:
        raise Conflict(f"the database is not as the migrations made it: {found.kind} {found.name}; run zilu audit")


def _there(connection: sa.Connection) -> set[Unique]:
    rows = connection.exec_driver_sql(_UNIQUE[connection.dialect.name]).all()
    indexes = groupby(rows, key=lambda row: (str(row[0]), str(row[1]), bool(row[2])))
    # An index over an expression has no columns for some of its parts; it is no key of ours.
    return {(table, tuple(sorted(str(row[3]) for row in parts)), partial) for (table, _, partial), parts in indexes}


def _wanted(dialect: str) -> Iterator[Unique]:
    for table in Base.metadata.tables.values():
        yield table.name, _names(table.primary_key.columns), False
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint):
                yield table.name, _names(constraint.columns), False
        for index in table.indexes:
            if index.unique:
                partial = index.dialect_options[dialect]["where"] is not None
                yield table.name, _names(index.columns), partial


def _names(columns: Iterable[sa.Column[Any]]) -> tuple[str, ...]:
    return tuple(sorted(column.name for column in columns))
