"""Rows as they are stored, read so that no tampering stops the reading.

Values come from the driver unprocessed and are converted one by one; what does not convert, or would be written
differently by us (`{"a":1}` for `{"a": 1}`, bytes where text belongs), is named in `unreadable` and not taken. A table
that was dropped reads as empty, and a column that was dropped as NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.orm import Mapper
from sqlalchemy.types import NullType

from registry.db import Base, Session
from registry.log.actions import values_digest

_CHUNK = 1000
_PLAIN = ((sa.Enum, object), (sa.String, str), (sa.LargeBinary, bytes), (sa.Boolean, bool), (sa.Integer, int))


@dataclass(frozen=True, slots=True)
class Stored:
    """One row: `values` by attribute, without the `unreadable` ones; `pk` as acts name it."""

    table: str
    pk: str
    values: Mapping[str, Any]
    unreadable: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.table}:{self.pk}"

    def digest(self) -> str | None:
        """As acts attest it; None when a value cannot be read."""
        if self.unreadable:
            return None
        try:
            return values_digest(self.values)
        except ValueError:  # text or numbers that have no JCS
            return None


@dataclass(frozen=True, slots=True)
class _Column:
    """How one column is read: to Python, and back again to see that nothing was lost."""

    attribute: str
    type: type
    load: Callable[[Any], Any] | None
    store: Callable[[Any], Any] | None

    def value(self, raw: Any) -> Any:
        """ValueError, TypeError or LookupError when `raw` is nothing that we would have stored."""
        if raw is None:
            return None
        value = self.load(raw) if self.load else raw
        if not isinstance(value, self.type) or (self.store and self.store(value) != raw):
            raise ValueError
        return value


def tables() -> dict[str, type[Base]]:
    """Every mapped table by name, in the order of their names."""
    found = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return dict(sorted(found.items()))


class View:
    """The tables as one session sees them."""

    def __init__(self, session: Session) -> None:
        self.connection = session.connection()
        self._session = session
        self._inspector = sa.inspect(self.connection)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def count(self, kind: type[Base]) -> int:
        if not self._columns_of(kind):
            return 0
        return self._session.scalar(sa.select(sa.func.count()).select_from(sa.inspect(kind).local_table)) or 0

    def read(self, kind: type[Base], *order: Any) -> Iterator[Stored]:
        """Every row of the table, in `order` if given."""
        present = self._columns_of(kind)
        if not present:
            return
        mapper = sa.inspect(kind)
        attributes = [(each.key, each.columns[0]) for each in mapper.column_attrs]
        columns = [_column(mapper, attribute, self.connection.dialect) for attribute, _ in attributes]
        raw = [sa.type_coerce(column, NullType()) if column.name in present else sa.null() for _, column in attributes]
        keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        query = sa.select(*raw).select_from(mapper.local_table).order_by(*order)
        with self._session.execute(query, execution_options={"yield_per": _CHUNK}) as found:
            for row in found:
                yield _stored(kind.__tablename__, keys, columns, row)

    def _columns_of(self, kind: type[Base]) -> set[str]:
        """The columns that the table really has; none when it was dropped."""
        try:
            return {column["name"] for column in self._inspector.get_columns(kind.__tablename__)}
        except NoSuchTableError:
            return set()


@contextmanager
def viewing(session: Session) -> Iterator[View]:
    """The tables; SQLite hands out text that is no UTF-8 as bytes, where it would refuse to read on."""
    view = View(session)
    if view.dialect != "sqlite":
        yield view
        return
    driver: Any = view.connection.connection.driver_connection
    driver.text_factory = _text
    try:
        yield view
    finally:
        driver.text_factory = str


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _stored(table: str, keys: list[str], columns: list[_Column], row: Iterable[Any]) -> Stored:
    values: dict[str, Any] = {}
    unreadable = []
    raw_keys = dict.fromkeys(keys)
    for column, raw in zip(columns, row, strict=True):
        if column.attribute in raw_keys:
            raw_keys[column.attribute] = raw
        try:
            values[column.attribute] = column.value(raw)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            unreadable.append(column.attribute)
    pk = "/".join(str(values.get(key, raw_keys[key])) for key in keys)
    return Stored(table, pk, values, tuple(unreadable))


def _column(mapper: Mapper[Any], attribute: str, dialect: sa.Dialect) -> _Column:
    type_ = mapper.columns[attribute].type
    bound: Any = type_.dialect_impl(dialect)
    python: type = next((python for kind, python in _PLAIN if isinstance(type_, kind)), object)
    # Only SQLite keeps whatever it is given; elsewhere the server has checked the form.
    store = bound.bind_processor(dialect) if dialect.name == "sqlite" else None
    return _Column(attribute, python, bound.result_processor(dialect, None), store)
