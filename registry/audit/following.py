"""The audit from outside again, from where the last one stopped: only what is new is read, and a sample of the rest.

1. the head is signed, under the quorum of the policy
2. the subtrees that make up the tree seen last time give its root, and with the new leaves the root that is signed
   now: nothing was taken back, and every new leaf is in the tree
3. the last old leaf, and others taken at random, stand under the new root where they stood
4. the new entries are leaves, their times do not go back, and member keys are enrolled and revoked in order

`views` compares what witnesses cosigned with what the log shows us.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from registry.audit import remote
from registry.audit.differences import Difference, Kind, Progress, Silent, merged
from registry.audit.remote import Fetch, Outcome
from registry.errors import Invalid, NotFound
from registry.log import tiles, tree
from registry.log.checkpoint import Checkpoint, open_checkpoint
from registry.log.quorum import Policy

SAMPLE = 32  # old leaves that are looked at again


def follow(
    fetch: Fetch,
    *,
    policy: Policy,
    seen: str,
    sample: int = SAMPLE,
    dice: random.Random | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Read on from `seen`, the `note` of an earlier outcome, and name every difference.

    Raises Invalid when there is no checkpoint under the policy, or `seen` is none by its log.
    """
    note, now = remote.head(fetch, policy)  # 1
    before = remote.kept(seen, policy)
    if before.size > now.size or before.size == 0:
        return Outcome(tuple(remote.shrunk(before, now)), now.size, note, None)
    reading = _Reading(fetch, now, progress or Silent())
    picked = {before.size - 1, *_picked(dice or random.SystemRandom(), before.size, sample)}
    found = [*_growth(reading, before), *(each for position in sorted(picked) for each in _in_place(reading, position))]
    leaves = [(position, remote.parsed(entry)) for position, entry in reading.entries(before.size - 1)]
    found += remote.leaves(leaves)  # 4
    times = [each.at for _, each in leaves if each is not None]
    return Outcome(merged(found), now.size, note, times[-1] if times else None)


def views(notes: Mapping[str, str], *, policy: Policy, fetch: Fetch) -> Iterator[Difference]:
    """Name every witness, by its name in the policy, that cosigned a tree which the log does not show.

    `notes` must have been read before anything of the log, which may have grown since.
    """
    _, now = remote.head(fetch, policy)
    reading = _Reading(fetch, now, Silent())
    keys = {witness.name: witness.key for witness in policy.witnesses}
    for name, note in notes.items():
        try:
            theirs = open_checkpoint(
                note, log=policy.log, origin=policy.origin, witnesses=[keys[name]], quorum=1
            ).checkpoint
        except Invalid:
            yield Difference(Kind.ALTERED, f"witness:{name}", "what it shows is not signed by the log and itself")
            continue
        if not _is_prefix(reading, theirs):
            why = f"it cosigned a tree of {theirs.size} leaves that is not the beginning of the one shown here"
            yield Difference(Kind.ALTERED, f"witness:{name}", why)


class _Reading:
    """The log under one head, each resource read once."""

    def __init__(self, fetch: Fetch, head: Checkpoint, progress: Progress) -> None:
        self.head = head
        self.hashes = tiles.hashes(self._tile)
        self._fetch = fetch
        self._progress = progress
        self._bundles: dict[int, Sequence[bytes]] = {}

    def _tile(self, level: int, index: int) -> bytes:
        width = tiles.width_at(level, index, size=self.head.size)
        try:
            return self._fetch(tiles.Tile(level, index, width).path) if width else b""
        except NotFound:
            return b""

    def entry(self, position: int) -> bytes:
        """Invalid when its bundle is not there, or damaged."""
        index, offset = divmod(position, tiles.WIDTH)
        if index not in self._bundles:
            self._progress.advance(1)
            bundle = tiles.Tile(None, index, tiles.width_at(None, index, size=self.head.size))
            try:
                self._bundles[index] = tiles.parse_bundle(self._fetch(bundle.path), width=bundle.width)
            except NotFound:
                raise Invalid("the bundle is not there", field="bundle") from None
        return self._bundles[index][offset]

    def entries(self, start: int) -> Iterator[tuple[int, bytes]]:
        """From this position on, as far as they can be read."""
        for position in range(start, self.head.size):
            try:
                yield position, self.entry(position)
            except Invalid:
                continue


def _picked(dice: random.Random, size: int, count: int) -> list[int]:
    return dice.sample(range(size), min(count, size))


def _growth(reading: _Reading, before: Checkpoint) -> Iterator[Difference]:
    """2"""
    name = f"checkpoint:{before.size}"
    try:
        peaks = tree.peaks(before.size, hashes=reading.hashes)
    except Invalid as error:
        yield Difference(Kind.MISSING, name, f"its tree cannot be read any more: {error.message}")
        return
    if tree.fold(peaks) != before.root:
        yield Difference(Kind.ALTERED, name, "the log's tiles do not give the root that was seen: it was rewritten")
        return
    for position in range(before.size, reading.head.size):
        try:
            tree.push(peaks, tree.leaf_hash(reading.entry(position)))
        except Invalid:
            yield Difference(Kind.MISSING, f"leaf:{position}", "the log has a leaf at this position")
            return
    if tree.fold(peaks) != reading.head.root:
        why = "what was seen and the new entries do not give the root that is signed"
        yield Difference(Kind.ALTERED, f"checkpoint:{reading.head.size}", why)


def _in_place(reading: _Reading, position: int) -> Iterator[Difference]:
    """3"""
    head = reading.head
    try:
        proof = tree.inclusion_proof(position, size=head.size, hashes=reading.hashes)
        entry = tree.leaf_hash(reading.entry(position))
        tree.verify_inclusion(position, size=head.size, leaf=entry, proof=proof, root=head.root)
    except Invalid as error:
        yield Difference(Kind.ALTERED, f"leaf:{position}", f"it cannot be proven to stand there: {error.message}")


def _is_prefix(reading: _Reading, theirs: Checkpoint) -> bool:
    now = reading.head
    if theirs.size > now.size:
        return False
    try:
        proof = tree.consistency_proof(theirs.size, now.size, hashes=reading.hashes)
        tree.verify_consistency(
            old_size=theirs.size, old_root=theirs.root, new_size=now.size, new_root=now.root, proof=proof
        )
    except Invalid:
        return False
    return True
