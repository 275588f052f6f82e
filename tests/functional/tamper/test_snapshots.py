"""Snapshots that differ from the rows, although every row is as its act attests it: the registry itself did it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry.audit import snapshots
from registry.audit.differences import Kind
from registry.audit.stored import viewing
from registry.db import Store
from registry.entries import places
from registry.entries.models import Entry, Place, Snapshot, Stirred
from registry.entries.trees import Trees
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.signing import keys
from tests.cast import Cast
from tests.conftest import START
from tests.listing import list_person, people

KEY = keys.generate()


@pytest.fixture
def told(store: Store, holder: Holder, cast: Cast) -> Store:
    """Three entries, one ended, and a snapshot after each."""
    trees = Trees()
    for number, person in enumerate(people(3)):
        now = START + timedelta(days=number)
        list_person(store, holder, cast, person, now, term=timedelta(days=2))
        sequence(store, key=KEY, origin="a/log", now=now, closing=places.closing(trees))
    assert named(store) == set()
    return store


def named(store: Store) -> set[tuple[Kind, str]]:
    with store.read() as session, viewing(session) as view:
        return {(each.kind, each.name) for each in snapshots.verify(view, session.keyring)}


def change(store: Store, statement: sa.UpdateBase) -> None:
    with store.engine.begin() as connection:
        connection.execute(statement)


def test_a_place_that_is_not_in_the_roots_is_named_with_its_snapshot(told: Store) -> None:
    change(told, sa.update(Place).where(Place.since == 2).values(since=3))
    assert named(told) == {(Kind.ALTERED, "snapshot:2")}


def test_roots_of_another_tree_are_named(told: Store) -> None:
    change(told, sa.update(Snapshot).where(Snapshot.number == 2).values(roots=b"r" * 32))
    assert named(told) == {(Kind.ALTERED, "snapshot:2")}


def test_an_entry_that_checkers_are_told_of_and_the_last_snapshot_does_not_show_is_named(told: Store) -> None:
    with told.read() as session:
        first = session.scalars(sa.select(Entry.id).order_by(Entry.listed_at)).first()
    change(told, sa.update(Entry).where(Entry.id == first).values(until=None))
    assert named(told) == {(Kind.MISSING, f"entry:{first}")}


def test_an_entry_that_an_order_hides_is_not_missed(told: Store) -> None:
    with told.read() as session:
        first = session.scalars(sa.select(Entry.id).order_by(Entry.listed_at)).first()
    hidden = sa.update(Entry).where(Entry.id == first).values(until=None, hidden_until=START + timedelta(days=9))
    change(told, hidden)
    assert named(told) == set()


def test_an_entry_to_which_something_has_happened_since_is_not_missed(told: Store) -> None:
    with told.write() as session:
        first = session.scalars(sa.select(Entry).order_by(Entry.listed_at)).first()
        assert first is not None
        entry_id = first.id
    change(told, sa.update(Entry).where(Entry.id == entry_id).values(until=None))
    change(told, sa.insert(Stirred).values(id="s" * 32, entry_id=entry_id))
    assert named(told) == set()


def test_what_a_forgotten_person_had_a_place_in_is_not_computed_again(told: Store) -> None:
    with told.read() as session:
        handle = session.scalars(sa.select(Entry.handle).order_by(Entry.listed_at)).first()
    assert handle is not None
    change(
        told, sa.text("UPDATE label SET handle = NULL, sealed = NULL WHERE handle = :handle").bindparams(handle=handle)
    )
    assert named(told) == set()
    change(told, sa.update(Snapshot).where(Snapshot.number == 3).values(roots=b"r" * 32))
    assert named(told) == {(Kind.ALTERED, "snapshot:3")}
