"""The tables go up and down on both databases, with rows in them, and the models never differ from the migrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner, Result

from registry import revisions, schema
from registry.cli import main
from registry.cli.init import write_settings
from registry.cli.migrate import require_head, upgrade
from registry.config import Settings, load
from registry.db import Store
from registry.errors import Conflict
from registry.members.models import Member
from tests.cast import gather
from tests.conftest import KEYRING, START
from tests.postgres import pg_server, pg_url

__all__ = ["pg_server", "pg_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("pg_url"))
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store(url, KEYRING)
    yield made
    made.engine.dispose()


def _tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def _count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Member)) or 0


def test_upgrading_an_empty_database_gives_exactly_the_tables_of_the_models(store: Store) -> None:
    revisions.upgrade(store.engine)
    assert _tables(store.engine) == {*schema.Base.metadata.tables, revisions.TABLE}
    with store.engine.connect() as connection:
        assert revisions.current(connection) == revisions.head()
        assert revisions.known(connection) == [revisions.head()]


def test_an_upgraded_database_does_not_differ_from_the_models(store: Store) -> None:
    revisions.upgrade(store.engine)
    assert revisions.drift(store.engine) == []
    with store.engine.connect() as connection:
        command.check(revisions.config(connection))


def test_a_missing_migration_is_found(store: Store) -> None:
    revisions.upgrade(store.engine)
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE member ADD COLUMN motto VARCHAR"))
    assert any("motto" in change for change in revisions.drift(store.engine))


def test_it_goes_down_and_up_again_with_rows_in_it(store: Store) -> None:
    revisions.upgrade(store.engine)
    with store.write() as session:
        gather(session, START)
    assert _count(store) > 5
    revisions.downgrade(store.engine, revisions.BASE)
    assert _tables(store.engine) == {revisions.TABLE}
    revisions.upgrade(store.engine)
    assert _count(store) == 0
    assert revisions.drift(store.engine) == []


def test_upgrading_twice_keeps_every_row(store: Store) -> None:
    revisions.upgrade(store.engine)
    with store.write() as session:
        gather(session, START)
    members = _count(store)
    revisions.upgrade(store.engine)
    assert _count(store) == members


def test_an_unknown_revision_is_refused_and_nothing_is_done(store: Store) -> None:
    with pytest.raises(Conflict):
        revisions.upgrade(store.engine, "9999")
    assert _tables(store.engine) == set()


def test_a_migration_that_fails_half_way_leaves_nothing_behind(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE unit (id INTEGER)"))  # in the way of the migration
    with pytest.raises(sa.exc.DBAPIError):
        revisions.upgrade(store.engine)
    assert _tables(store.engine) == {"unit"}


def test_a_dangling_row_stops_a_migration(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'registry.db'}", KEYRING)
    revisions.upgrade(store.engine)
    with store.write() as session:
        gather(session, START)
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("DELETE FROM member WHERE id = 'acme'")
        driver.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(Conflict, match="zilu audit"):
        revisions.upgrade(store.engine)
    store.engine.dispose()


def test_keys_are_checked_again_after_a_migration(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'registry.db'}", KEYRING)
    revisions.upgrade(store.engine)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.engine.dispose()


@pytest.fixture
def founded_settings(tmp_path: Path) -> tuple[Path, Settings]:
    path = write_settings(tmp_path / "home", issuer="http://127.0.0.1:8420", name="Test")
    return path, load(path)


def _run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(path), "migrate", *arguments])


def test_the_command_brings_a_database_up(founded_settings: tuple[Path, Settings]) -> None:
    path, settings = founded_settings
    with pytest.raises(Conflict, match="zilu migrate"):
        require_head(settings)
    result = _run(path)
    assert result.exit_code == 0
    assert result.output == f"the database is at revision {revisions.head()}\n"
    require_head(settings)


def test_the_command_goes_down_only_when_told_where_to_and_confirmed(founded_settings: tuple[Path, Settings]) -> None:
    path, settings = founded_settings
    upgrade(settings)
    nowhere = _run(path, "--down", "--yes")
    assert (nowhere.exit_code, nowhere.stderr) == (
        2,
        "zilu: --down needs --revision: the revision to go back to, or base\n",
    )
    assert _run(path, "--down", "--revision", "base").exit_code == 1  # nobody confirmed
    require_head(settings)
    assert _run(path, "--down", "--revision", "base", "--yes").output == "the database is at revision base\n"
    with pytest.raises(Conflict):
        require_head(settings)


def test_the_command_names_an_unknown_revision_in_one_sentence(founded_settings: tuple[Path, Settings]) -> None:
    result = _run(founded_settings[0], "--revision", "9999")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "revision" in result.stderr
