"""A database that was put back to an earlier state of itself: the checkpoint kept outside it tells."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry.audit.replay import audit
from registry.cli import main
from registry.cli.init import write_settings
from registry.cli.migrate import upgrade
from registry.config import load
from registry.db import Store
from registry.errors import Conflict, Unavailable
from registry.log import kept
from registry.log.actions import record
from registry.log.checkpoint import Checkpoint, sign, verifier_key
from registry.log.sequencer import latest
from registry.running import Running, start
from registry.worker.loop import publish
from registry.worker.loop import run as work
from tests.conftest import KEYRING


class Registry:
    """A registry in a folder, with a log of three acts and two snapshots, that can be put back to two and one."""

    def __init__(self, folder: Path) -> None:
        self.config = write_settings(folder, issuer="http://127.0.0.1:8420", name="Test")
        upgrade(load(self.config))
        self.database, self.head = folder / "registry.db", folder / "registry.db.head"
        self.run = start(load(self.config))
        self.say(2)
        self.close()
        shutil.copy(self.database, folder / "earlier.db")
        self.say(1)

    @property
    def log(self) -> str:
        return self.run.settings.log_origin

    def say(self, count: int) -> None:
        with self.run.store.write() as session:
            for _ in range(count):
                record(session, "nothing", actor="olaf", now=self.run.clock())
        publish(self.run)

    def close(self) -> None:
        self.run.store.engine.dispose()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def put_back(self) -> None:
        self.close()
        for left in self.database.parent.glob("registry.db-*"):
            left.unlink()
        shutil.copy(self.database.with_name("earlier.db"), self.database)

    def zilu(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.config), "audit", *words])

    def work(self) -> None:
        stop = threading.Event()
        stop.set()
        work(self.run, stop)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry(tmp_path / "home")
    yield made
    made.run.store.engine.dispose()


def _head(run: Running) -> str:
    with run.store.read() as session:
        head = latest(session)
    assert head is not None
    return head.note


def test_the_worker_keeps_every_head_that_it_publishes_beside_the_database(registry: Registry) -> None:
    assert registry.head.read_text() == _head(registry.run)
    before = registry.head.read_text()
    registry.say(1)
    assert registry.head.read_text() == _head(registry.run) != before
    assert not registry.head.with_name("registry.db.head.new").exists()


def test_a_database_that_was_put_back_is_named_and_nothing_else_is(registry: Registry) -> None:
    registry.put_back()
    result = registry.zilu()
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()[:-1]] == [["missing", "checkpoint:5"]]
    assert "the database stands behind it" in result.stdout


def test_a_worker_does_not_start_on_a_database_that_was_put_back(registry: Registry) -> None:
    registry.work()
    registry.put_back()
    with pytest.raises(Conflict, match="stands behind the last published checkpoint"):
        registry.work()


def test_a_running_worker_publishes_nothing_over_a_database_that_was_put_back(registry: Registry) -> None:
    published = registry.head.read_text()
    registry.put_back()
    with pytest.raises(Conflict, match="stands behind"):
        registry.say(5)
    assert registry.head.read_text() == published
    assert registry.zilu().exit_code == 1


@pytest.mark.parametrize("count", [1, 4])  # as many leaves as there were, and more
def test_another_history_from_there_is_named_and_refused(registry: Registry, count: int) -> None:
    published = registry.head.read_text()
    registry.put_back()
    registry.head.unlink()
    registry.say(count)
    registry.head.write_text(published)
    result = registry.zilu()
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()[:-1]] == [["altered", "checkpoint:5"]]
    with pytest.raises(Conflict, match="or beside it"):
        registry.work()


def test_a_missing_file_is_a_note_and_the_worker_writes_it_anew(registry: Registry) -> None:
    registry.head.unlink()
    result = registry.zilu()
    assert result.exit_code == 0
    assert result.stderr.startswith("zilu: there is no registry.db.head")
    registry.work()
    assert registry.head.read_text() == _head(registry.run)


def test_a_file_that_holds_something_else_is_named_and_refused(registry: Registry) -> None:
    stranger = start(registry.run.settings).secrets.receipt_key
    for text in ("nothing", sign(Checkpoint(registry.log, 2, b"r" * 32), key=stranger)):
        registry.head.write_text(text)
        result = registry.zilu()
        assert result.exit_code == 1
        assert [line.split()[:2] for line in result.stdout.splitlines()[:-1]] == [["altered", "file:registry.db.head"]]
        with pytest.raises(Conflict, match="zilu audit"):
            registry.work()


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        kept.write(tmp_path / "no" / "file.head", "note")


def test_a_state_keeps_the_head_of_the_last_audit_and_finds_what_was_taken_back(
    registry: Registry, tmp_path: Path
) -> None:
    state = tmp_path / "seen"
    assert registry.zilu("--state", str(state)).exit_code == 0
    seen = state.read_text()
    assert seen == _head(registry.run)
    registry.put_back()
    registry.head.unlink()
    assert registry.zilu().exit_code == 0  # nothing in the database tells
    result = registry.zilu("--state", str(state))
    assert result.exit_code == 1
    assert "missing     checkpoint:5  " in result.stdout
    assert state.read_text() == seen


def test_a_state_that_is_something_else_is_refused(registry: Registry, tmp_path: Path) -> None:
    state = tmp_path / "seen"
    state.write_text("nothing")
    result = registry.zilu("--state", str(state))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert state.read_text() == "nothing"


def test_the_audit_names_a_head_that_was_seen_and_is_not_the_root_of_the_first_leaves(registry: Registry) -> None:
    key = verifier_key(registry.log, registry.run.secrets.log_key.public_key())
    seen = [Checkpoint(registry.log, 2, b"r" * 32)]
    outcome = audit(registry.run.store, log=key, now=registry.run.clock(), seen=seen)
    assert [(each.kind.value, each.name) for each in outcome.differences] == [("altered", "checkpoint:2")]


def test_there_is_no_file_beside_a_database_that_is_none(tmp_path: Path) -> None:
    assert kept.beside(Store("sqlite://", KEYRING)) is None
    assert kept.beside(Store("postgresql+psycopg://nobody@127.0.0.1:1/none", KEYRING)) is None
    assert kept.beside(Store(f"sqlite:///{tmp_path / 'a.db'}", KEYRING)) == tmp_path / "a.db.head"
