"""The database: one Base, one Session, the settings without which neither store may be trusted.

SQLite runs with WAL, `synchronous=FULL` and `secure_delete=ON`, asserted on every connection; a writing session
takes the write lock at once (BEGIN IMMEDIATE). PostgreSQL has no such lock, so no guard may rely on it: what two
people could do at once is a compare-and-set or a unique key, which hold on both.
"""

from __future__ import annotations

import enum
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import OperationalError

from registry.errors import Unavailable
from registry.wrapping import WrappingKeys

PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "cache_size": -32_000}


class Utc(sa.TypeDecorator[datetime]):
    """An aware datetime; UTC in the database. A naive one is a programming error and refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(orm.DeclarativeBase):
    """Every table. Rows of a table with `logged = False` are the log itself; all others are attested by acts.

    `told` names what the record of the act repeats of a row, for whoever judges the process without the database:
    states, dates and who acted, never what somebody said or who they are.
    """

    logged = True
    told: tuple[str, ...] = ()
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: Utc(),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
        enum.Enum: sa.Enum(
            enum.Enum,
            native_enum=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


def new_id() -> str:
    """128 random bits in hexadecimal: says nothing about when, or how many."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secrets that actions need: what seals, what turns tags into handles, and what wraps case keys."""

    vault_key: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    wrapping: WrappingKeys | None = field(default=None, repr=False)

    def wrapping_key(self, id: str | None) -> bytes:
        """What wraps the keys of cases under this id; without one it is the vault key."""
        if id is None:
            return self.vault_key
        if self.wrapping is None:
            raise Unavailable("this process was started without the keys that wrap case keys", retry_after=60)
        return self.wrapping.get(id)

    def alias(self, scope: str, name: str) -> str:
        """What the database holds in place of a name that a client chose: 64 hexadecimal digits.

        An Idempotency-Key or a `jti` is for us to recognise, not to read, and people do put numbers into them.
        """
        return hmac.digest(self.pepper, b"zilu/alias/v1\0" + scope.encode() + b"\0" + name.encode(), "sha256").hex()


class Session(orm.Session):
    """A session that carries the keyring to the actions it is passed to."""

    @property
    def keyring(self) -> Keyring:
        ring: Keyring = self.info["keyring"]
        return ring


class Store:
    """An engine with its keyring; hands out reading and writing sessions."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.engine = _engine(url)
        self._writing = self.engine.execution_options(zilu_write=True)
        self._info = {"keyring": keyring}

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view; nothing that is done in it is kept."""
        with Session(self.engine, info=dict(self._info)) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: commits at the end, or rolls back and lets the error through."""
        with Session(self._writing, info=dict(self._info), expire_on_commit=False) as session:
            try:
                yield session
                session.commit()
            except OperationalError as error:
                if "database is locked" in str(error.orig):
                    raise Unavailable("the registry is busy; try again in a moment", retry_after=1) from None
                raise


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _harden)
    event.listen(engine, "begin", _begin)
    return engine


def _harden(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for name, wanted in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={wanted}")
        found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise RuntimeError(f"SQLite would not set {name} to {wanted}; use a local disk")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("zilu_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def truncate_journal(store: Store) -> None:
    """Empty SQLite's write-ahead log, so that nothing deleted lives on in it."""
    if store.engine.dialect.name == "sqlite":
        connection = store.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
