"""Triggers, views and missing keys in the database itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from registry import revisions
from registry.appeals import listing
from registry.audit import objects
from registry.db import Store
from registry.entries import actions
from registry.entries.models import Entry
from registry.errors import Conflict
from registry.keys.holder import Holder
from registry.log.swap import ForeignWrite, swap
from registry.members.models import Kind, Member
from registry.policy import RESPONSE_WINDOW
from registry.running import Running
from registry.worker.loop import run as work
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import KEYRING, MovingClock
from tests.filing import Filing
from tests.postgres import pg_server, pg_url
from tests.unit.audit.conftest import Small

__all__ = ["pg_server", "pg_url"]

FORGING = "CREATE TRIGGER forging AFTER UPDATE OF {column} ON {table} BEGIN UPDATE {table} SET {change}; END"


def _execute(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def _named(store: Store) -> set[str]:
    with store.engine.connect() as connection:
        return {f"{each.kind} {each.name}" for each in objects.compare(connection)}


TAMPERED = {
    FORGING.format(table="unit", column="name", change="member_id = 'x'"): "extra schema:trigger:forging",
    "CREATE VIEW shown AS SELECT * FROM unit": "extra schema:view:shown",
    "DROP TABLE webhook": "missing schema:table:webhook",
}


@pytest.fixture
def entry_id(store: Store, cast: Cast, holder: Holder, now: datetime) -> str:
    filing = Filing(store, cast, holder, now).noticed(now)
    with filing.store.write() as session:
        (entry,) = listing.list_due(session, now=now + RESPONSE_WINDOW)
    return entry.id


@pytest.mark.parametrize("statement", TAMPERED)
def test_the_audit_names_what_no_migration_made_and_what_is_gone(small: Small, statement: str) -> None:
    assert small.outcome().differences == ()
    small.edit(statement)
    assert [f"{each.kind} {each.name}" for each in small.differences()] == [TAMPERED[statement]]


def test_a_unique_key_that_is_gone_is_named(small: Small) -> None:
    with small.store.engine.begin() as connection:
        old = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'checkpoint'").scalar_one()
        connection.exec_driver_sql("CREATE TABLE saved AS SELECT * FROM checkpoint")
        connection.exec_driver_sql("DROP TABLE checkpoint")
        connection.exec_driver_sql(old.replace("UNIQUE (previous)", "CHECK (1)"))
        connection.exec_driver_sql("INSERT INTO checkpoint SELECT * FROM saved")
        connection.exec_driver_sql("DROP TABLE saved")
    assert _named(small.store) == {"missing schema:unique:checkpoint(previous)"}
    with pytest.raises(Conflict, match="schema:unique"):
        objects.verify(small.store)


def test_a_partial_key_does_not_stand_for_a_whole_one_nor_the_reverse(small: Small) -> None:
    _execute(small.store, "DROP INDEX ix_exhibit_waiting")
    missing = {"missing schema:unique:exhibit(lookup,member_id)"}
    assert _named(small.store) == missing
    _execute(small.store, "CREATE UNIQUE INDEX ix_exhibit_waiting ON exhibit (member_id, lookup)")
    assert _named(small.store) == missing
    _execute(small.store, "DROP INDEX ix_exhibit_waiting")
    _execute(small.store, "CREATE UNIQUE INDEX any_name ON exhibit (member_id, lookup) WHERE 1")
    assert _named(small.store) == set()


def test_a_worker_does_not_start_where_a_trigger_is(small: Small, clock: MovingClock, holder: Holder) -> None:
    stop = threading.Event()
    stop.set()
    running = Running(settings(), SECRETS, small.store, clock, holder)
    small.edit(FORGING.format(table="unit", column="name", change="member_id = 'x'"))
    with pytest.raises(Conflict, match="schema:trigger:forging"):
        work(running, stop)


def test_a_trigger_that_forges_what_a_compare_and_set_did_not_touch_stops_it(
    store: Store, entry_id: str, now: datetime
) -> None:
    _execute(store, FORGING.format(table="entry", column="disputed", change="level = level + 1"))
    with pytest.raises(ForeignWrite, match=r"entry\.level"), store.write() as session:
        entry = session.get_one(Entry, entry_id)
        actions.mark_disputed(session, entry, disputed=True, actor_id="olaf", now=now)
    with store.read() as session:
        assert session.get_one(Entry, entry_id).disputed is False


@pytest.mark.parametrize("change", ["level = level + 1", "state = 'voided'"])
def test_a_trigger_that_forges_beside_a_new_state_stops_it(
    store: Store, entry_id: str, now: datetime, change: str
) -> None:
    _execute(store, FORGING.format(table="entry", column="state", change=change))
    with pytest.raises(ForeignWrite), store.write() as session:
        entry = session.get_one(Entry, entry_id)
        actions.suspend(session, entry, actor_id="olaf", now=now, reason="a test")


def test_a_swap_that_finds_something_else_changes_nothing(store: Store, cast: Cast) -> None:
    with store.read() as session:
        member = session.get_one(Member, "acme")
        assert not swap(session, member, Member.name == "another", values={"headcount": 1})
        assert not session.info.get("unlogged")
        assert swap(session, member, Member.kind == Kind.CARRIER, values={"headcount": 7})
        assert (member.headcount, list(session.info["unlogged"])) == (7, [("member", "acme")])


@pytest.fixture
def postgres(pg_url: str) -> Iterator[Store]:
    store = Store(pg_url, KEYRING)
    revisions.upgrade(store.engine)
    yield store
    store.engine.dispose()


def test_postgresql_names_the_same(postgres: Store) -> None:
    assert _named(postgres) == set()
    _execute(
        postgres, "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'x'; RETURN NEW; END $$"
    )
    _execute(postgres, "CREATE TRIGGER forging BEFORE UPDATE ON unit FOR EACH ROW EXECUTE FUNCTION f()")
    _execute(postgres, "CREATE VIEW shown AS SELECT * FROM unit")
    _execute(postgres, "CREATE RULE quiet AS ON DELETE TO unit DO INSTEAD NOTHING")
    _execute(postgres, "DROP TABLE webhook")
    _execute(postgres, "ALTER TABLE checkpoint DROP CONSTRAINT uq_checkpoint_previous")
    assert _named(postgres) == {
        "extra schema:trigger:forging",
        "extra schema:view:shown",
        "extra schema:rule:quiet",
        "missing schema:table:webhook",
        "missing schema:unique:checkpoint(previous)",
    }
