"""The log from outside, as it is served: nothing of it can be changed, taken back or left out unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from registry.audit.remote import Outcome, audit
from registry.errors import Invalid, NotFound
from registry.log import checkpoint, leaf, queries, tiles, tree
from registry.log.quorum import Policy
from registry.signing import keys
from tests.conftest import START
from tests.unit.audit.conftest import ORIGIN, Small

SIZE = 300


@dataclass
class Served:
    """A log as a folder of files."""

    key: keys.PrivateKey = field(default_factory=keys.generate)
    files: dict[str, bytes] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)

    def fetch(self, path: str) -> bytes:
        if path not in self.files:
            raise NotFound("nothing here")
        return self.files[path]

    def audit(self, seen: str | None = None, key: keys.PrivateKey | None = None) -> Outcome:
        log = checkpoint.verifier_key(ORIGIN, (key or self.key).public_key())
        return audit(self.fetch, policy=Policy(log), seen=seen)

    def named(self, seen: str | None = None) -> set[tuple[str, str]]:
        return {(difference.kind.value, difference.name) for difference in self.audit(seen).differences}

    def publish(self, entries: list[bytes]) -> str:
        """Write all files of a log of these entries; the checkpoint."""
        self.entries, stored = entries, dict[tuple[int, int], bytes]()
        grown = tiles.append(0, [tree.leaf_hash(entry) for entry in entries], lambda *at: stored.get(at, b""))
        stored.update(grown.tiles)
        for tile in tiles.tiles_of(len(entries)):
            self.files[tile.path] = stored[tile.level or 0, tile.index]
        for bundle in tiles.bundles_of(len(entries)):
            start = bundle.index * tiles.WIDTH
            self.files[bundle.path] = tiles.encode_bundle(entries[start : start + bundle.width])
        note = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, len(entries), grown.root), key=self.key)
        self.files["checkpoint"] = note.encode()
        return note


def entry(number: int, seconds: int | None = None) -> bytes:
    at = START + timedelta(seconds=number if seconds is None else seconds)
    return leaf.encode(leaf.Leaf(number.to_bytes(32, "big"), at, "act"))


ENTRIES = [entry(number) for number in range(SIZE)]


@pytest.fixture
def served() -> Served:
    made = Served()
    made.publish(list(ENTRIES))
    return made


def test_a_whole_log_has_no_difference(served: Served) -> None:
    outcome = served.audit()
    assert (outcome.differences, outcome.size, outcome.stamped) == ((), SIZE, START + timedelta(seconds=SIZE - 1))
    assert outcome.note.encode() == served.files["checkpoint"]


def test_what_the_registry_serves_is_such_a_log(small: Small) -> None:
    for _ in range(3):
        small.say(START)
        small.sequence(START)

    def fetch(path: str) -> bytes:
        with small.store.read() as session:
            return queries.head_note(session).encode() if path == "checkpoint" else queries.tile(session, path)

    outcome = audit(fetch, policy=Policy(small.log))
    assert (outcome.differences, outcome.size) == ((), 4)


def test_a_log_that_has_grown_has_no_difference_to_what_was_seen(served: Served) -> None:
    seen = served.audit().note
    served.publish([*ENTRIES, entry(SIZE)])
    assert served.named(seen) == set()
    assert served.named(served.audit().note) == set()


def test_a_log_that_was_taken_back_is_named_by_the_checkpoint_that_was_seen(served: Served) -> None:
    seen = served.audit().note
    served.publish(ENTRIES[:-1])
    assert served.named(seen) == {("missing", f"checkpoint:{SIZE}")}


@pytest.mark.parametrize("size", [SIZE, SIZE + 1])
def test_a_log_that_was_rewritten_is_named_by_the_checkpoint_that_was_seen(served: Served, size: int) -> None:
    seen = served.audit().note
    served.publish([entry(1000), *ENTRIES[1:], entry(1001, SIZE)][:size])
    assert ("altered", f"checkpoint:{SIZE}") in served.named(seen)
    assert ("altered", f"checkpoint:{SIZE}") not in served.named()


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace(b"\n300\n", b"\n301\n"),
        lambda note: note.replace(ORIGIN.encode(), b"other.example/log"),
        lambda note: note[:-10],
        lambda note: b"",
        lambda note: b"\xff",
    ],
)
def test_a_checkpoint_that_the_key_did_not_sign_stops_the_audit(
    served: Served, change: Callable[[bytes], bytes]
) -> None:
    served.files["checkpoint"] = change(served.files["checkpoint"])
    with pytest.raises(Invalid):
        served.audit()


def test_another_key_or_no_checkpoint_stops_the_audit(served: Served) -> None:
    with pytest.raises(Invalid):
        served.audit(key=keys.generate())
    del served.files["checkpoint"]
    with pytest.raises(Invalid, match="no checkpoint"):
        served.audit()


def test_what_was_kept_must_be_a_checkpoint_by_the_key(served: Served) -> None:
    with pytest.raises(Invalid) as refused:
        served.audit(seen="something else")
    assert refused.value.field == "state"


def test_a_changed_entry_is_altered(served: Served) -> None:
    path = "tile/entries/000"
    served.files[path] = tiles.encode_bundle([*ENTRIES[:7], entry(5000, 7), *ENTRIES[8:256]])
    assert served.named() == {("altered", "leaf:7")}


@pytest.mark.parametrize("cut", [lambda data: data[:-1], lambda data: data + b"\0\0", lambda data: b""])
def test_a_damaged_bundle_leaves_its_leaves_missing(served: Served, cut: Callable[[bytes], bytes]) -> None:
    path = "tile/entries/001.p/44"
    served.files[path] = cut(served.files[path])
    assert served.named() == {("missing", f"leaf:{position}") for position in range(256, SIZE)}


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_tile_is_missing_or_altered(served: Served, path: str) -> None:
    tile = tiles.parse_path(path)
    name = f"tile:{tile.level}/{tile.index}"
    data = served.files.pop(path)
    assert served.named() == {("missing", name)}
    served.files[path] = data[:-1] + bytes([data[-1] ^ 1])
    assert served.named() == {("altered", name)}


def test_a_leaf_that_is_older_than_the_one_before_it_is_back_dated(served: Served) -> None:
    served.publish([*ENTRIES, entry(9000, 5), entry(9001, SIZE)])
    assert served.named() == {("back-dated", f"leaf:{SIZE}")}


def test_an_entry_that_is_no_leaf_is_named_even_if_it_is_signed(served: Served) -> None:
    served.publish([*ENTRIES, b'{"name":"somebody"}'])
    assert served.named() == {("altered", f"leaf:{SIZE}")}


def test_a_commitment_that_stands_there_twice_is_named(served: Served) -> None:
    served.publish([*ENTRIES, entry(3, SIZE)])
    assert served.named() == {("extra", f"leaf:{SIZE}")}
