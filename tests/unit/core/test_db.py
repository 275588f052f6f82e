from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import db
from registry.db import PRAGMAS, Keyring, Store
from registry.errors import Unavailable
from registry.keys.models import SigningKey
from registry.log.actions import UnloggedWrite, record
from registry.members.models import Member, Standing, Unit
from tests.cast import Cast


def test_sqlite_runs_with_the_settings_that_durability_and_erasure_need(store: Store) -> None:
    with store.read() as session:
        found = {name: session.execute(sa.text(f"PRAGMA {name}")).scalar() for name in PRAGMAS}
    assert found == PRAGMAS


def test_a_database_that_refuses_a_setting_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # SQLite keeps no journal for a database in memory, so WAL cannot be had.
    store = Store("sqlite://", Keyring(b"k" * 32, b"p" * 32))
    with pytest.raises(RuntimeError, match="journal_mode"):
        store.engine.connect()


def test_a_write_that_no_act_follows_does_not_commit(store: Store, cast: Cast) -> None:
    with pytest.raises(UnloggedWrite), store.write() as session:
        session.add(Unit(member_id="acme", name="Night shift"))
    with store.read() as session:
        assert session.query(Unit).filter_by(name="Night shift").first() is None


def test_a_change_and_a_deletion_need_an_act_too(store: Store, cast: Cast) -> None:
    with pytest.raises(UnloggedWrite), store.write() as session:
        session.get_one(Member, "acme").standing = Standing.SUSPENDED
    with pytest.raises(UnloggedWrite), store.write() as session:
        session.delete(session.query(SigningKey).first())


def test_a_write_after_the_last_act_does_not_commit(store: Store, cast: Cast, now: datetime) -> None:
    with pytest.raises(UnloggedWrite), store.write() as session:
        record(session, "test", actor="olaf", now=now)
        session.add(Unit(member_id="acme", name="Night shift"))


def test_what_was_rolled_back_needs_no_act(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        session.add(Unit(member_id="acme", name="Night shift"))
        session.flush()
        session.rollback()
        record(session, "test", actor="olaf", now=now)


def test_a_writer_that_waits_too_long_is_told_so(store: Store, cast: Cast, now: datetime) -> None:
    other = Store(str(store.engine.url), Keyring(b"k" * 32, b"p" * 32))
    with store.write() as session:
        session.connection()

        @sa.event.listens_for(other.engine, "connect")
        def _impatient(connection: sqlite3_connection, _record: object) -> None:
            connection.execute("PRAGMA busy_timeout=10")  # type: ignore[attr-defined]

        with pytest.raises(Unavailable, match="busy"), other.write() as second:
            second.connection()


sqlite3_connection = object


def test_a_naive_time_is_refused(store: Store, cast: Cast) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a zone"), store.write() as session:
        session.get_one(Member, "acme").admitted_at = datetime(2026, 1, 1)
        session.flush()


def test_two_writers_go_one_after_the_other(store: Store, cast: Cast, now: datetime) -> None:
    """The write lock is taken at the start: nobody reads a state that somebody else is about to change."""
    seen: list[int] = []

    def raise_headcount() -> None:
        with store.write() as session:
            member = session.get_one(Member, "acme")
            seen.append(member.headcount)
            member.headcount += 1
            record(session, "test", actor="olaf", now=now)

    threads = [threading.Thread(target=raise_headcount) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(20_000, 20_008))


def test_truncating_empties_the_journal(store: Store, cast: Cast, now: datetime, tmp_path: Path) -> None:
    with store.write() as session:
        record(session, "test", actor="olaf", now=now)
    journal = tmp_path / "registry.db-wal"
    assert journal.stat().st_size > 0
    db.truncate_journal(store)
    assert journal.stat().st_size == 0
