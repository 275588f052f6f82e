"""Checkpoints as rows, and how the sequencer writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry.errors import Conflict
from registry.log import checkpoint, leaf, sequencer
from registry.log.models import Act, Checkpoint
from registry.signing import keys
from tests.conftest import KEYRING, START
from tests.unit.audit.conftest import MINUTE, ORIGIN, Small

SECOND = timedelta(seconds=1)


@pytest.fixture
def grown(small: Small) -> Small:
    """Checkpoints of the sizes 1, 2 and 4."""
    small.say(START + MINUTE)
    small.sequence(START + MINUTE)
    small.say(START + 2 * MINUTE)
    small.say(START + 2 * MINUTE)
    small.sequence(START + 2 * MINUTE)
    return small


def test_each_checkpoint_names_the_one_before_it(grown: Small) -> None:
    with grown.store.read() as session:
        rows = session.execute(sa.select(Checkpoint.size, Checkpoint.previous).order_by(Checkpoint.size)).all()
    assert rows == [(1, 0), (2, 1), (4, 2)]
    assert grown.named() == set()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_lost_checkpoint_is_missing_and_no_other_is_accused(grown: Small, size: int) -> None:
    grown.edit("DELETE FROM checkpoint WHERE size = :size", size=size)
    assert grown.named() == {("missing", f"checkpoint:{size}")}


def test_a_lost_checkpoint_is_not_hidden_by_editing_the_next(grown: Small) -> None:
    grown.edit("DELETE FROM checkpoint WHERE size = 2")
    grown.edit("UPDATE checkpoint SET previous = 1 WHERE size = 4")
    assert ("altered", "checkpoint:4") in grown.named()


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-03-02 09:00:59.000000'",
        "at = '2026-03-02 09:01:00.000001'",
        "previous = 0",
        "root = zeroblob(32)",
        "seal = zeroblob(32)",
        "note = note || '— other Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE\n'",
        "note = 'nothing'",
        "note = replace(note, char(10) || '2' || char(10), char(10) || '3' || char(10))",
    ],
)
def test_an_edited_checkpoint_is_altered_and_no_other_is_accused(grown: Small, change: str) -> None:
    grown.edit("DELETE FROM checkpoint WHERE size = 1") if change == "previous = 0" else None
    grown.edit(f"UPDATE checkpoint SET {change} WHERE size = 2")  # noqa: S608
    assert grown.named() - {("missing", "checkpoint:1")} == {("altered", "checkpoint:2")}


def test_a_checkpoint_by_another_key_is_altered(grown: Small) -> None:
    with grown.store.write() as session:
        row = session.get_one(Checkpoint, 2)
        row.note = row.published = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 2, row.root), key=keys.generate())
        row.seal = sequencer.seal(KEYRING, size=2, previous=1, at=row.at, note=row.note, published=row.published)
    assert grown.named() == {("altered", "checkpoint:2")}


def test_a_checkpoint_of_another_tree_by_the_right_key_says_that_the_log_was_rewritten(grown: Small) -> None:
    with grown.store.write() as session:
        row = session.get_one(Checkpoint, 2)
        row.root = b"?" * 32
        row.note = row.published = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, 2, row.root), key=grown.log_key)
        row.seal = sequencer.seal(KEYRING, size=2, previous=1, at=row.at, note=row.note, published=row.published)
    (found,) = grown.differences()
    assert (found.kind.value, found.name) == ("altered", "checkpoint:2")
    assert "rewritten" in found.why


def test_a_checkpoint_that_is_older_than_the_one_before_it_is_back_dated(grown: Small) -> None:
    with grown.store.write() as session:
        row = session.get_one(Checkpoint, 2)
        row.at = START - MINUTE
        row.seal = sequencer.seal(KEYRING, size=2, previous=1, at=row.at, note=row.note, published=row.published)
    assert grown.named() == {("back-dated", "checkpoint:2")}


# The sequencer


def _times(small: Small) -> list[int]:
    """Seconds after START at which the leaves were stamped."""
    with small.store.read() as session:
        entries = session.scalars(sa.select(Act.entry).order_by(Act.position)).all()
    return [int((leaf.parse(entry or b"").at - START).total_seconds()) for entry in entries]


def test_leaves_never_go_back_in_time_though_acts_were_written_out_of_order(small: Small) -> None:
    for seconds in (5, 2, 7, 3):
        small.say(START + seconds * SECOND)
    small.sequence(START + 4 * SECOND)
    small.say(START + 4 * SECOND)
    made = small.sequence(START + 5 * SECOND)  # another node, whose clock is behind
    assert _times(small) == [0, 5, 5, 7, 7, 7]
    assert made is not None
    assert made.at == START + 7 * SECOND
    assert small.named() == set()


def test_the_log_waits_when_the_clock_has_gone_back_far(small: Small) -> None:
    small.say(START)
    with pytest.raises(Conflict):
        small.sequence(START - 61 * SECOND)
    small.sequence(START - 60 * SECOND)
    assert _times(small) == [0, 0]
