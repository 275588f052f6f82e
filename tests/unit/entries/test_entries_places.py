"""What the absence tree holds: with every snapshot exactly the entries that a checker is shown then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import base64url, vault
from registry.db import Session, Store
from registry.entries import actions, places, trees
from registry.entries.models import Entry, Label, Place, Snapshot, Stirred
from registry.entries.trees import Trees
from registry.errors import Conflict, Invalid
from registry.identity.document import Document
from registry.keys.holder import Holder
from registry.log import absence
from registry.log.absence_tree import Tree
from registry.log.actions import record
from registry.log.models import Act, LeafType
from registry.log.sequencer import sequence
from registry.signing import keys
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import START
from tests.listing import list_person, people, tags_of

DAY = timedelta(days=1)
REASON = {"actor_id": "inspector", "reason": "a test"}


class Desk:
    """A register in which snapshots can be taken and asked."""

    def __init__(self, store: Store, holder: Holder, cast: Cast) -> None:
        self.store, self.holder, self.cast = store, holder, cast
        self.trees = Trees()

    def list(self, person: Document, now: datetime = START, term: timedelta | None = 30 * DAY) -> Entry:
        return list_person(self.store, self.holder, self.cast, person, now, term=term)

    def snapshot(self, now: datetime) -> Snapshot:
        with self.store.write() as session:
            last = trees.latest(session)
            before = self.trees.at(session, last.number, now) if last else Tree()
            assert before is not None
            places.snapshot(session, before, now)
            taken = trees.latest(session)
            assert taken is not None
            return taken

    def says(self, person: Document, taken: Snapshot, reference: str | None) -> bool:
        """Whether the snapshot proves this answer, with the roots that its act names."""
        (tag,), _ = tags_of(self.holder, [person], self.cast.rui.actor)
        label = absence.label(tag)
        with self.store.read() as session:
            facts = opened(session, taken)["facts"]
            tree = self.trees.at(session, taken.number, taken.at)
            assert tree is not None
            salt = trees.salt(session.keyring, epoch=taken.epoch, label=label, reference=reference or "")
        roots = absence.parse_roots(base64url.decode(facts["roots"], field="roots"))
        proof = tree.prove(absence.path(facts["epoch"], label), salt).encode()
        try:
            absence.verify(proof, roots=roots, epoch=facts["epoch"], label=label, reference=reference)
        except Invalid:
            return False
        return True


def opened(session: Session, taken: Snapshot) -> dict[str, object]:
    act = session.scalars(sa.select(Act).where(Act.uid == taken.act)).one()
    text = vault.open_sealed(session.keyring.vault_key, act.record, table="act", row=act.uid, column="record")
    record: dict[str, object] = json.loads(text)
    assert (act.type, record["verb"]) == (LeafType.SNAPSHOT, absence.VERB)
    return record


@pytest.fixture
def desk(store: Store, holder: Holder, cast: Cast) -> Iterator[Desk]:
    yield Desk(store, holder, cast)
    assert unattested(store) == set()


def test_a_listed_person_is_in_the_next_snapshot_and_another_is_not(desk: Desk) -> None:
    one, other = people(2)
    before = desk.snapshot(START)
    entry = desk.list(one)
    after = desk.snapshot(START)
    assert desk.says(one, before, None)
    assert desk.says(one, after, entry.id)
    assert not desk.says(one, after, None)
    assert desk.says(other, after, None)


@pytest.mark.parametrize("way", ["suspend", "void", "rehabilitate"])
def test_an_entry_that_is_hidden_leaves_the_next_snapshot(desk: Desk, way: str) -> None:
    (person,) = people(1)
    entry = desk.list(person)
    listed = desk.snapshot(START)
    with desk.store.write() as session:
        getattr(actions, way)(session, session.get_one(Entry, entry.id), now=START + DAY, **REASON)
    hidden = desk.snapshot(START + DAY)
    assert desk.says(person, hidden, None)
    assert desk.says(person, listed, entry.id)  # what was, is still proved
    assert not desk.says(person, hidden, entry.id)


def test_one_that_is_reinstated_comes_back(desk: Desk) -> None:
    (person,) = people(1)
    entry = desk.list(person)
    desk.snapshot(START)
    for verb in (actions.suspend, actions.reinstate):
        with desk.store.write() as session:
            verb(session, session.get_one(Entry, entry.id), now=START, **REASON)
        taken = desk.snapshot(START)
    assert desk.says(person, taken, entry.id)


def test_an_entry_whose_end_has_passed_leaves_by_its_date_alone(desk: Desk) -> None:
    (person,) = people(1)
    entry = desk.list(person, term=2 * DAY)
    assert desk.says(person, desk.snapshot(START + 2 * DAY - timedelta(seconds=1)), entry.id)
    assert desk.says(person, desk.snapshot(START + 2 * DAY), None)


def test_one_that_an_order_hides_comes_back_by_its_date(desk: Desk) -> None:
    (person,) = people(1)
    entry = desk.list(person)
    desk.snapshot(START)
    with desk.store.write() as session:
        kept = session.get_one(Entry, entry.id)
        kept.hidden_until = START + DAY
        places.stir(session, kept)
        record(session, "test.hide", actor="system:test", now=START)
    assert desk.says(person, desk.snapshot(START), None)
    assert desk.says(person, desk.snapshot(START + DAY - timedelta(seconds=1)), None)
    assert desk.says(person, desk.snapshot(START + DAY), entry.id)


def test_one_that_is_shortened_leaves_at_its_new_end(desk: Desk) -> None:
    (person,) = people(1)
    entry = desk.list(person, term=None)
    desk.snapshot(START)
    with desk.store.write() as session:
        kept = session.get_one(Entry, entry.id)
        actions.shorten(session, kept, now=START, until=START + DAY, **REASON)
    assert desk.says(person, desk.snapshot(START), entry.id)
    assert desk.says(person, desk.snapshot(START + DAY), None)


def test_of_two_entries_of_one_person_the_one_that_is_shown_is_there(desk: Desk) -> None:
    (person,) = people(1)
    first, second = desk.list(person, term=DAY), desk.list(person, START + timedelta(hours=1), term=9 * DAY)
    assert desk.says(person, desk.snapshot(START + timedelta(hours=2)), second.id)
    with desk.store.write() as session:
        actions.suspend(session, session.get_one(Entry, second.id), now=START + timedelta(hours=3), **REASON)
    assert desk.says(person, desk.snapshot(START + timedelta(hours=3)), first.id)


def test_a_snapshot_looks_at_what_was_stirred_alone_and_lays_it_to_rest(desk: Desk) -> None:
    desk.list(people(1)[0])
    desk.snapshot(START)
    desk.snapshot(START)
    with desk.store.read() as session:
        assert session.scalars(sa.select(Stirred)).all() == []
        assert len(session.scalars(sa.select(Place)).all()) == 1


def test_there_are_as_many_dummies_as_entries_and_never_fewer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LEAST_DUMMIES", 2)
    for person in people(3):
        desk.list(person, term=DAY)
    full, empty = desk.snapshot(START), desk.snapshot(START + DAY)
    assert [(each.entries, each.dummies) for each in (full, empty)] == [(3, 3), (0, 3)]


def test_a_process_that_starts_later_has_the_same_trees(desk: Desk) -> None:
    taken = []
    for number, person in enumerate(people(4)):
        desk.list(person, START + number * DAY, term=2 * DAY)
        taken.append(desk.snapshot(START + number * DAY))
    now = START + 3 * DAY
    with desk.store.read() as session:
        late = Trees()
        kept = [late.at(session, each.number, now) for each in taken]
        ours = [desk.trees.at(session, each.number, now) for each in taken]
        assert late.at(session, taken[-1].number + 1, now) is None
    assert kept == ours
    assert [tree is None for tree in kept] == [True, True, False, False]  # a day back, and the one before that day


def test_two_labels_on_one_path_move_everything_to_another_epoch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = people(2)
    path = absence.path
    monkeypatch.setattr(absence, "path", lambda epoch, label: 7 if epoch == 1 else path(epoch, label))
    first = desk.list(one)
    assert desk.snapshot(START).epoch == 1
    second = desk.list(other)
    taken = desk.snapshot(START)
    assert taken.epoch == 2
    assert desk.says(one, taken, first.id)
    assert desk.says(other, taken, second.id)


def test_many_changes_give_the_tree_that_one_by_one_would(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.snapshot(START)
    for person in people(3):
        desk.list(person)
    taken = desk.snapshot(START)
    with desk.store.read() as session:
        slowly = Trees().at(session, taken.number, START)
        monkeypatch.setattr(trees, "_MANY", 2)
        assert Trees().at(session, taken.number, START) == slowly


def test_what_was_rolled_back_leaves_no_tree(desk: Desk) -> None:
    desk.snapshot(START)
    entry = desk.list(people(1)[0])
    with desk.store.read() as session:  # never committed
        before = desk.trees.at(session, 1, START)
        assert before is not None
        places.snapshot(session, before, START)
        session.rollback()
        assert desk.trees.at(session, 2, START) is None
    assert desk.says(people(1)[0], desk.snapshot(START), entry.id)


def test_an_end_that_has_passed_brings_about_a_snapshot_once(desk: Desk) -> None:
    desk.list(people(1)[0], term=DAY)
    desk.snapshot(START)

    def end(now: datetime) -> bool:
        with desk.store.write() as session:
            return places.end(session, now)

    assert [end(START), end(START + DAY), end(START + DAY)] == [False, True, False]
    assert desk.snapshot(START + DAY).entries == 0
    assert not end(START + DAY)


def test_the_snapshot_is_the_last_leaf_of_its_checkpoint(desk: Desk) -> None:
    key = keys.generate()
    entry = desk.list(people(1)[0])
    head = sequence(desk.store, key=key, origin="a/log", now=START, closing=places.closing(desk.trees))
    assert head is not None
    with desk.store.read() as session:
        last = session.scalars(sa.select(Act).where(Act.position == head.size - 1)).one()
        taken = trees.latest(session)
    assert taken is not None
    assert (last.type, last.uid) == (LeafType.SNAPSHOT, taken.act)
    assert desk.says(people(1)[0], taken, entry.id)
    assert sequence(desk.store, key=key, origin="a/log", now=START, closing=places.closing(desk.trees)) is None


def test_a_person_who_is_forgotten_is_found_by_nobody(desk: Desk) -> None:
    (person,) = people(1)
    entry = desk.list(person, term=DAY)
    desk.snapshot(START)
    gone = desk.snapshot(START + DAY)
    with desk.store.write() as session:
        handle = session.get_one(Entry, entry.id).handle
        assert handle is not None
        places.forget(session, handle)
        record(session, "test.forget", actor="system:test", now=START)
    with desk.store.read() as session:
        assert session.execute(sa.select(Label.handle, Label.sealed)).all() == [(None, None)]
        assert Trees().at(session, gone.number, START + 3 * DAY) is not None


def test_nobody_is_forgotten_while_the_last_snapshot_still_shows_them(desk: Desk) -> None:
    entry = desk.list(people(1)[0], term=DAY)
    desk.snapshot(START)
    with desk.store.write() as session:
        handle = session.get_one(Entry, entry.id).handle
        assert handle is not None
        with pytest.raises(Conflict, match="still shows"):
            places.forget(session, handle)
    desk.snapshot(START + DAY)
    with desk.store.write() as session:
        places.forget(session, handle)
        record(session, "test.forget", actor="system:test", now=START)
