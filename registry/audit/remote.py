"""The audit from outside: what the log itself can prove, read through its public interface. Pure: `fetch` reads.

1. the checkpoint is signed by the log's key, under its origin
2. every entry is a leaf, and their times do not go back
3. the entries give the tiles, and the tiles the root that is signed
4. the head that was seen last time is the root of the first leaves: nothing was taken back
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.audit.differences import Difference, Kind, Progress, Silent, merged
from registry.audit.history import Found, Head, Placed, compare
from registry.clock import rfc3339
from registry.errors import Invalid, NotFound
from registry.log import leaf, tiles, tree
from registry.log.checkpoint import Checkpoint, VerifierKey, open_checkpoint

# The bytes at a path below the log's address; NotFound when there is nothing, Unavailable when nobody answers.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the log says of itself. `note` is the checkpoint to keep for next time, `stamped` its last leaf's time."""

    differences: tuple[Difference, ...]
    size: int
    note: str
    stamped: datetime | None


def audit(fetch: Fetch, *, log: VerifierKey, seen: str | None = None, progress: Progress | None = None) -> Outcome:
    """Read the whole log and name every difference.

    `seen` is the `note` of an earlier outcome. Raises Invalid when there is no checkpoint by this key to start from,
    or `seen` is none; what `fetch` raises but NotFound goes through.
    """
    watched = progress or Silent()
    note, now = _head(fetch, log)  # 1
    before = _kept(seen, log) if seen is not None else None
    wanted = [*tiles.bundles_of(now.size), *tiles.tiles_of(now.size)]
    watched.total(len(wanted))
    entries = list(_entries(fetch, now.size, watched))
    found = Found(
        {position: Placed(f"leaf:{position}", tree.leaf_hash(data)) for position, data in entries},
        _tiles(fetch, now.size, watched),
        _heads(before, now),
        lambda position: f"leaf:{position}",
    )
    parsed = [(position, _parsed(data)) for position, data in entries]
    differences = [*_shrunk(before, now), *_leaves(parsed), *compare(found).differences]  # 4, 2, 3
    times = [each.at for _, each in parsed if each is not None]
    return Outcome(merged(differences), now.size, note, times[-1] if times else None)


def _head(fetch: Fetch, log: VerifierKey) -> tuple[str, Checkpoint]:
    try:
        note = fetch("checkpoint").decode()
    except (NotFound, UnicodeDecodeError):
        raise Invalid("the log serves no checkpoint at this address", field="url") from None
    return note, _opened(note, log)


def _kept(note: str, log: VerifierKey) -> Checkpoint:
    try:
        return _opened(note, log)
    except Invalid:
        raise Invalid("what was kept from the last audit is not a checkpoint by this key", field="state") from None


def _opened(note: str, log: VerifierKey) -> Checkpoint:
    return open_checkpoint(note, log=log, origin=log.name).checkpoint


def _entries(fetch: Fetch, size: int, progress: Progress) -> Iterator[tuple[int, bytes]]:
    """Every entry with its position, as far as bundles can be read."""
    for bundle in tiles.bundles_of(size):
        progress.advance(1)
        try:
            read = tiles.parse_bundle(fetch(bundle.path), width=bundle.width)
        except (NotFound, Invalid):
            continue  # its leaves are missing, and each is named
        yield from enumerate(read, bundle.index * tiles.WIDTH)


def _tiles(fetch: Fetch, size: int, progress: Progress) -> dict[tuple[int, int], bytes]:
    read = {}
    for tile in tiles.tiles_of(size):
        progress.advance(1)
        try:
            read[tile.level or 0, tile.index] = fetch(tile.path)
        except NotFound:
            continue
    return read


def _heads(before: Checkpoint | None, now: Checkpoint) -> Sequence[Head]:
    heads = [Head(f"checkpoint:{now.size}", now.size, now.root)]
    if before is not None and before.size <= now.size:
        heads.insert(0, Head(f"checkpoint:{before.size}", before.size, before.root))
    return heads


def _shrunk(before: Checkpoint | None, now: Checkpoint) -> Iterator[Difference]:
    if before is not None and before.size > now.size:
        why = f"it was signed and seen before, and the log has only {now.size} leaves now"
        yield Difference(Kind.MISSING, f"checkpoint:{before.size}", why)


def _parsed(data: bytes) -> leaf.Leaf | None:
    try:
        return leaf.parse(data)
    except Invalid:
        return None


def _leaves(parsed: Sequence[tuple[int, leaf.Leaf | None]]) -> Iterator[Difference]:
    latest: datetime | None = None
    commitments: dict[bytes, int] = {}
    for position, found in parsed:
        if found is None:
            yield Difference(Kind.ALTERED, f"leaf:{position}", "it is no leaf of this kind of log")
            continue
        if latest is not None and found.at < latest:
            why = f"it says {rfc3339(found.at)}, and the leaf before it {rfc3339(latest)}"
            yield Difference(Kind.BACK_DATED, f"leaf:{position}", why)
        latest = found.at if latest is None else max(latest, found.at)
        if (first := commitments.setdefault(found.commitment, position)) != position:
            yield Difference(Kind.EXTRA, f"leaf:{position}", f"it repeats the commitment of leaf:{first}")
