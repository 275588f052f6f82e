"""The revision of the database's tables: which one the code is written for, and the way there (Alembic).

Migrations stand in `migrations/`. They are run with the connection that is handed in, in one transaction, so that a
database is at the old revision or at the new one. There is no `alembic.ini`: the settings name the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from registry import schema
from registry.errors import Conflict

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
TABLE = "alembic_version"
BASE = "base"  # before the first revision: no tables


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration; `migrations/env.py` takes the connection from it."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


@cache
def head() -> str:
    """The revision that the code is written for."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    if found is None:
        raise RuntimeError("migrations/versions is empty")
    return found


def current(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the tables forward; Conflict when `revision` is not ahead, or the database is newer than the code."""
    with _moving(engine) as connection:
        command.upgrade(config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Bring the tables back. What only the newer tables could hold is lost."""
    with _moving(engine) as connection:
        command.downgrade(config(connection), revision)


def drift(engine: sa.Engine) -> list[str]:
    """What an upgraded database still lacks, or has too much, compared with the models."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [repr(change) for change in compare_metadata(context, schema.Base.metadata)]


@contextmanager
def _moving(engine: sa.Engine) -> Iterator[sa.Connection]:
    connection = engine.connect().execution_options(zilu_write=True)
    with connection, _keys_unchecked(connection), connection.begin():
        try:
            yield connection
        except CommandError:
            raise Conflict(
                "the database cannot be brought to this revision from where it is; name a revision of migrations/",
                field="revision",
            ) from None
        _verify_keys(connection)


@contextmanager
def _keys_unchecked(connection: sa.Connection) -> Iterator[None]:
    """SQLite alters a table by replacing it, which would delete what points to it; so the check comes at the end."""
    if connection.dialect.name != "sqlite":
        yield
        return
    # Past SQLAlchemy, because inside a transaction SQLite ignores this setting.
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("no connection to the database")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _verify_keys(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Conflict(f"rows of {broken[0]} point to rows that are not there; run zilu audit")


def known(connection: sa.Connection) -> list[str]:
    """Every revision that the version table names: one in a sound database; none when the table is missing."""
    try:
        return [str(row[0]) for row in connection.exec_driver_sql(f"SELECT version_num FROM {TABLE}")]  # noqa: S608
    except SQLAlchemyError:
        return []
