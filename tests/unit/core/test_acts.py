"""The log's own machinery: acts, positions, checkpoints."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import base64url, vault
from registry.db import Store
from registry.errors import Conflict, NotFound
from registry.log import checkpoint, leaf, proof, queries, tiles, tree
from registry.log.actions import record, row_digest
from registry.log.models import Act, Checkpoint, LeafType, Tile
from registry.log.quorum import Policy
from registry.log.sequencer import latest, sequence, verify_head
from registry.members.models import Member, Standing
from registry.signing import keys
from tests.cast import Cast

ORIGIN = "registry.example/log"
KEY = keys.generate()
VKEY = checkpoint.verifier_key(ORIGIN, KEY.public_key())


def opened(session_key: bytes, act: Act, column: str) -> bytes:
    return vault.open_sealed(session_key, getattr(act, column), table="act", row=act.uid, column=column)


def test_an_act_attests_the_rows_of_its_transaction(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        member = session.get_one(Member, "acme")
        member.standing = Standing.SUSPENDED
        act = record(session, "member.standing", actor="olaf", now=now, facts={"member": "acme"})
        key, expected = session.keyring.vault_key, row_digest(member)
    body = json.loads(opened(key, act, "record"))
    rows = json.loads(opened(key, act, "rows"))
    assert rows == [["member", "acme", expected]]
    assert (body["verb"], body["actor"], body["facts"]) == ("member.standing", "olaf", {"member": "acme"})


def test_the_commitment_opens_with_salt_and_record_only(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        act = record(session, "test", actor="olaf", now=now)
        salt, text = (opened(session.keyring.vault_key, act, name) for name in ("salt", "record"))
    assert leaf.commit(salt, "act", text) == act.commitment
    assert leaf.commit(salt, "act", text + b" ") != act.commitment


def test_equal_acts_have_different_commitments(store: Store, cast: Cast, now: datetime) -> None:
    with store.write() as session:
        first = record(session, "test", actor="olaf", now=now, uid="0" * 32)
        second = record(session, "test", actor="olaf", now=now, uid="1" * 32)
    assert first.commitment != second.commitment


def test_a_key_leaf_shows_the_key_and_nothing_else_is_shown(store: Store, cast: Cast, now: datetime) -> None:
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with store.read() as session:
        for act in session.scalars(sa.select(Act)):
            shown = json.loads(act.entry or b"")
            assert set(shown) == {"c", "t", "type", "v"} | ({"key"} if act.type is LeafType.KEY else set())


def test_the_sequencer_takes_acts_in_the_order_in_which_they_were_written(
    store: Store, cast: Cast, now: datetime
) -> None:
    head = sequence(store, key=KEY, origin=ORIGIN, now=now)
    assert head is not None
    with store.read() as session:
        positions = session.scalars(sa.select(Act.position).order_by(Act.id)).all()
    assert list(positions) == list(range(head.size))
    assert sequence(store, key=KEY, origin=ORIGIN, now=now) is None


def test_every_checkpoint_extends_the_one_before(store: Store, cast: Cast, now: datetime) -> None:
    heads = []
    for count in (1, 300, 2):
        with store.write() as session:
            for _ in range(count):
                record(session, "test", actor="olaf", now=now)
        head = sequence(store, key=KEY, origin=ORIGIN, now=now)
        assert head is not None
        heads.append(head)
        verify_head(store)
    with store.read() as session:
        hashes = tiles.hashes(lambda level, index: _tile(session.get(Tile, (level, index))))
        for old, new in itertools.pairwise(heads):
            assert new.previous == old.size
            path = tree.consistency_proof(old.size, new.size, hashes=hashes)
            tree.verify_consistency(
                old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, proof=path
            )


def _tile(row: Tile | None) -> bytes:
    return row.hashes if row else b""


def test_the_head_is_a_signed_note_of_the_origin(store: Store, cast: Cast, now: datetime) -> None:
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with store.read() as session:
        note = queries.head_note(session)
        head = latest(session)
    assert head is not None
    opened = checkpoint.open_checkpoint(note, log=VKEY, origin=ORIGIN)
    assert (opened.checkpoint.size, opened.checkpoint.root) == (head.size, head.root)


def test_a_proof_verifies_and_an_unsequenced_act_has_none(store: Store, cast: Cast, now: datetime) -> None:
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with store.write() as session:
        fresh = record(session, "test", actor="olaf", now=now)
    with store.read() as session:
        old = session.scalars(sa.select(Act).where(Act.position == 7)).one()
        found = queries.prove(session, old)
        assert queries.prove(session, session.get_one(Act, fresh.id)) is None
    assert found is not None
    entry, text = found
    assert proof.verify(text, entry=entry, policy=Policy(VKEY)).index == 7


def test_the_log_waits_when_the_clock_goes_back(store: Store, cast: Cast, now: datetime) -> None:
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with store.write() as session:
        record(session, "test", actor="olaf", now=now)
    with pytest.raises(Conflict, match="clock went back"):
        sequence(store, key=KEY, origin=ORIGIN, now=now - timedelta(seconds=61))


@pytest.mark.parametrize(
    "damage",
    ["UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0", "DELETE FROM act WHERE position = 3"],
)
def test_a_log_that_does_not_fit_its_head_does_not_start(store: Store, cast: Cast, now: datetime, damage: str) -> None:
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with store.engine.begin() as connection:
        connection.execute(sa.text(damage))
    with pytest.raises(Conflict, match="zilu audit"):
        verify_head(store)


def test_the_log_serves_tiles_and_bundles_that_give_its_root(store: Store, cast: Cast, now: datetime) -> None:
    head = sequence(store, key=KEY, origin=ORIGIN, now=now)
    assert head is not None
    with store.read() as session:
        bundles = [
            tiles.parse_bundle(queries.tile(session, bundle.path), width=bundle.width)
            for bundle in tiles.bundles_of(head.size)
        ]
        served = {(t.level, t.index): queries.tile(session, t.path) for t in tiles.tiles_of(head.size)}
    entries = [entry for bundle in bundles for entry in bundle]
    assert tree.root_of(tree.leaf_hash(entry) for entry in entries) == head.root
    assert tree.root_at(head.size, tiles.hashes(lambda level, index: served[level, index])) == head.root


@pytest.mark.parametrize("path", ["tile/0/001", "tile/5/000", "tile/entries/000", "tile/0/000"])
def test_a_tile_that_the_log_does_not_have_is_not_found(store: Store, cast: Cast, now: datetime, path: str) -> None:
    head = sequence(store, key=KEY, origin=ORIGIN, now=now)
    assert head is not None
    assert head.size < 256
    with store.read() as session, pytest.raises(NotFound):
        queries.tile(session, path)


def test_there_are_never_two_checkpoints_of_one_size(store: Store, cast: Cast, now: datetime) -> None:
    head = sequence(store, key=KEY, origin=ORIGIN, now=now)
    assert head is not None
    with pytest.raises(sa.exc.IntegrityError), store.write() as session:
        session.add(Checkpoint(size=head.size, previous=0, root=b"x" * 32, at=now, note="other"))
        session.flush()


def test_digests_see_every_column(store: Store, cast: Cast) -> None:
    with store.read() as session:
        member = session.get_one(Member, "acme")
        before = row_digest(member)
        for column in Member.__table__.columns.keys():  # noqa: SIM118 - not a dict
            value = getattr(member, column)
            changed = {
                str: f"{value}x",
                int: 7,
                datetime: datetime.fromisoformat("2020-01-01T00:00:00+00:00"),
            }.get(type(value), "gone")
            setattr(member, column, changed)
            assert row_digest(member) != before, column
            setattr(member, column, value)
    assert len(base64url.decode(before, field="digest")) == 32
