"""Kinds of tampering, each done at random places: what somebody with the database, or with the log's key, could do.

A trial takes a copy of the told database and dice, does its harm, and returns the audit's differences. `expected` are
the names of which at least one must be among them; where it is empty any difference will do.
"""

# ruff: noqa: S608 - names of tables come from the metadata

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from registry.audit.differences import Difference
from registry.audit.replay import audit
from registry.db import Store
from registry.log import checkpoint, sequencer, tree
from registry.log.actions import record
from registry.log.checkpoint import open_checkpoint
from registry.log.models import Checkpoint
from registry.signing import keys
from tests.functional.tamper.behind import TABLES, Copy, Row, edits, name_of, uniquely
from tests.functional.tamper.scenario import ORIGIN

LOG_TABLES = ("act", "alembic_version", "case", "checkpoint", "signing_key", "tile")
ACT, TILE, HEAD = (TABLES[name] for name in ("act", "tile", "checkpoint"))


@dataclass
class Trial:
    copy: Copy
    dice: random.Random

    def table(self, *, rows: int = 1) -> sa.Table:
        """One that has as many rows."""
        fitting = [table for name, table in TABLES.items() if name not in LOG_TABLES]
        return self.dice.choice([table for table in fitting if len(self.copy.rows(table)) >= rows])

    def row(self, table: sa.Table) -> Row:
        return self.dice.choice(self.copy.rows(table))

    def grow(self, count: int) -> checkpoint.Checkpoint:
        """The registry goes on: some acts more, sequenced with its own key; what it then publishes."""
        told = self.copy.told
        store = Store(f"sqlite:///{self.copy.path}", told.keyring)
        with store.write() as session:
            for _ in range(count):
                record(session, "nothing", actor="olaf", now=told.now)
        head = sequencer.sequence(store, key=told.log_key, origin=ORIGIN, now=told.now)
        store.engine.dispose()
        assert head is not None
        assert head.published is not None
        return open_checkpoint(head.published, log=told.log, origin=ORIGIN).checkpoint

    def backup(self) -> None:
        shutil.copy(self.copy.path, self.copy.path.with_suffix(".backup"))

    def restore(self) -> None:
        for left in self.copy.path.parent.glob(f"{self.copy.path.name}-*"):
            left.unlink()
        shutil.copy(self.copy.path.with_suffix(".backup"), self.copy.path)

    def audit(self, *seen: checkpoint.Checkpoint) -> tuple[Difference, ...]:
        told = self.copy.told
        try:
            return audit(self.copy.store, log=told.log, now=told.now, seen=seen).differences
        finally:
            self.copy.store.engine.dispose()


Expected = set[str]
Kind = Callable[[Trial], tuple[Expected, Sequence[Difference]]]


def edited_row(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    while True:
        table = trial.table()
        row = trial.row(table)
        column, value = trial.dice.choice(list(edits(table, row)))
        if names := trial.copy.edit(table, row, column, value):
            return names, trial.audit()


def deleted_row(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    table = trial.table()
    row = trial.row(table)
    trial.copy.delete(table, row)
    return {name_of(table, row)}, trial.audit()


def swapped_rows(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    while True:
        table = trial.table(rows=2)
        one, other = trial.dice.sample(trial.copy.rows(table), 2)
        keys = {column.name for column in table.primary_key}
        if any(one[name] != other[name] for name in one.keys() - keys):
            trial.copy.swap(table, one, other)
            return {name_of(table, one), name_of(table, other)}, trial.audit()


def inserted_row(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    table = trial.table()
    rows = trial.copy.rows(table)
    row = uniquely(table, rows, trial.dice.choice(rows))
    trial.copy.insert(table, row)
    return {name_of(table, row)}, trial.audit()


def back_dated_act(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    row = trial.row(ACT)
    trial.copy.run(
        (f"UPDATE act SET at = datetime(at, '-{trial.dice.randrange(1, 90)} days') WHERE id = ?", [row["id"]])
    )
    return {name_of(ACT, row)}, trial.audit()


def truncated_log(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    """The last acts and their checkpoints, as if they had never been; the tiles still know."""
    last = max(row["position"] for row in trial.copy.rows(ACT))
    first = last - trial.dice.randrange(1, last)
    trial.copy.run(("DELETE FROM act WHERE position >= ?", [first]), ("DELETE FROM checkpoint WHERE size > ?", [first]))
    return set(), trial.audit()


def rolled_back_backup(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    trial.backup()
    published = trial.grow(trial.dice.randrange(1, 40))
    trial.restore()
    return {f"checkpoint:{published.size}"}, trial.audit(published)


def bit_flip_in_tile(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    row = trial.row(TILE)
    hashes = bytearray(row["hashes"])
    hashes[trial.dice.randrange(len(hashes))] ^= 1 << trial.dice.randrange(8)
    where = [bytes(hashes), row["level"], row["index"]]
    trial.copy.run(('UPDATE tile SET hashes = ? WHERE level = ? AND "index" = ?', where))
    return {f"tile:{row['level']}/{row['index']}"}, trial.audit()


def bit_flip_in_leaf(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    row = trial.row(ACT)
    entry = bytearray(row["entry"])
    entry[trial.dice.randrange(len(entry))] ^= 1 << trial.dice.randrange(8)
    trial.copy.run(("UPDATE act SET entry = ? WHERE id = ?", [bytes(entry), row["id"]]))
    return {name_of(ACT, row)}, trial.audit()


def wrong_key(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    """A checkpoint signed anew by another key, and sealed by somebody who has the pepper."""
    row = trial.row(HEAD)
    with trial.copy.store.write() as session:
        head = session.get_one(Checkpoint, row["size"])
        signed = checkpoint.Checkpoint(ORIGIN, head.size, head.root)
        head.note = checkpoint.sign(signed, key=keys.generate())
        sequencer.publish(session, head, head.note)
    return {name_of(HEAD, row)}, trial.audit()


def split_view(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    """One history for a witness, another, by the same key, for everybody else."""
    trial.backup()
    witnessed = trial.grow(trial.dice.randrange(1, 20))
    trial.restore()
    shown = trial.grow(trial.dice.randrange(1, 20))
    assert witnessed.root != shown.root
    return {f"checkpoint:{witnessed.size}"}, trial.audit(witnessed)


def missing_leaf(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    """An act that is taken out of the log, and waits as if it had just happened."""
    row = trial.row(ACT)
    trial.copy.run(("UPDATE act SET position = NULL, entry = NULL WHERE id = ?", [row["id"]]))
    return {name_of(ACT, row)}, trial.audit()


def leaf_without_act(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    """A hash more at the right edge, of an act that nobody did."""
    rows = [row for row in trial.copy.rows(TILE) if row["level"] == 0]
    edge = max(rows, key=lambda row: row["index"])
    hashes = edge["hashes"] + tree.leaf_hash(trial.dice.randbytes(40))
    trial.copy.run(('UPDATE tile SET hashes = ? WHERE level = 0 AND "index" = ?', [hashes, edge["index"]]))
    return set(), trial.audit()


def reordered_acts(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    one, other = trial.dice.sample(trial.copy.rows(ACT), 2)
    move = "UPDATE act SET position = ? WHERE id = ?"
    places = ((-1, one), (one["position"], other), (other["position"], one))
    trial.copy.run(*((move, [place, row["id"]]) for place, row in places))
    return {name_of(ACT, one), name_of(ACT, other)}, trial.audit()


def deleted_checkpoint(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    row = trial.row(HEAD)
    trial.copy.delete(HEAD, row)
    return {name_of(HEAD, row)}, trial.audit()


def back_dated_checkpoint(trial: Trial) -> tuple[Expected, Sequence[Difference]]:
    row = trial.row(HEAD)
    days = trial.dice.randrange(1, 90)
    trial.copy.run((f"UPDATE checkpoint SET at = datetime(at, '-{days} days') WHERE size = ?", [row["size"]]))
    return {name_of(HEAD, row)}, trial.audit()


KINDS: tuple[Kind, ...] = (
    edited_row,
    deleted_row,
    swapped_rows,
    inserted_row,
    back_dated_act,
    back_dated_checkpoint,
    truncated_log,
    rolled_back_backup,
    bit_flip_in_tile,
    bit_flip_in_leaf,
    wrong_key,
    split_view,
    missing_leaf,
    leaf_without_act,
    reordered_acts,
    deleted_checkpoint,
)
