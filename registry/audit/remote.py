"""The audit from outside: what the log itself can prove, read through its public interface. Pure: `fetch` reads.

1. the checkpoint is signed by the log's key, under its origin, and cosigned by the quorum of the policy
2. every entry is a leaf, their times do not go back, and member keys are enrolled and revoked in order
3. the entries give the tiles, and the tiles the root that is signed
4. the head that was seen last time is the root of the first leaves: nothing was taken back
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from registry.audit.differences import Difference, Kind, Progress, Silent, merged
from registry.audit.history import Found, Head, Placed, compare
from registry.clock import rfc3339
from registry.errors import Invalid, NotFound
from registry.log import leaf, tiles, tree
from registry.log.checkpoint import Checkpoint
from registry.log.quorum import Policy

# The bytes at a path below the log's address; NotFound when there is nothing, Unavailable when nobody answers.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the log says of itself. `note` is the checkpoint to keep for next time, `stamped` its last leaf's time."""

    differences: tuple[Difference, ...]
    size: int
    note: str
    stamped: datetime | None


def audit(fetch: Fetch, *, policy: Policy, seen: str | None = None, progress: Progress | None = None) -> Outcome:
    """Read the whole log and name every difference.

    `seen` is the `note` of an earlier outcome. Raises Invalid when there is no checkpoint by this key to start from,
    or `seen` is none; what `fetch` raises but NotFound goes through.
    """
    watched = progress or Silent()
    note, now = head(fetch, policy)  # 1
    before = kept(seen, policy) if seen is not None else None
    wanted = [*tiles.bundles_of(now.size), *tiles.tiles_of(now.size)]
    watched.total(len(wanted))
    entries = list(_entries(fetch, now.size, watched))
    found = Found(
        {position: Placed(f"leaf:{position}", tree.leaf_hash(data)) for position, data in entries},
        _tiles(fetch, now.size, watched),
        _heads(before, now),
        lambda position: f"leaf:{position}",
    )
    read = [(position, parsed(data)) for position, data in entries]
    differences = [*shrunk(before, now), *leaves(read), *compare(found).differences]  # 4, 2, 3
    times = [each.at for _, each in read if each is not None]
    return Outcome(merged(differences), now.size, note, times[-1] if times else None)


def head(fetch: Fetch, policy: Policy) -> tuple[str, Checkpoint]:
    """The log's checkpoint as a note and opened; Invalid when there is none under the policy."""
    try:
        note = fetch("checkpoint").decode()
    except (NotFound, UnicodeDecodeError):
        raise Invalid("the log serves no checkpoint at this address", field="url") from None
    return note, policy.open(note).checkpoint


def kept(note: str, policy: Policy) -> Checkpoint:
    """What was seen the last time. The log's own signature is enough: a policy may have changed since."""
    try:
        return Policy(policy.log).open(note).checkpoint
    except Invalid:
        raise Invalid("what was kept from the last audit is not a checkpoint by this key", field="state") from None


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


def shrunk(before: Checkpoint | None, now: Checkpoint) -> Iterator[Difference]:
    """Name the head that was seen when the log is smaller now."""
    if before is not None and before.size > now.size:
        why = f"it was signed and seen before, and the log has only {now.size} leaves now"
        yield Difference(Kind.MISSING, f"checkpoint:{before.size}", why)


def parsed(data: bytes) -> leaf.Leaf | None:
    """None when it is no leaf."""
    try:
        return leaf.parse(data)
    except Invalid:
        return None


def leaves(found: Sequence[tuple[int, leaf.Leaf | None]]) -> Iterator[Difference]:
    """Name what is no leaf, is older than the one before, repeats one, or changes a member's key out of order."""
    latest: datetime | None = None
    commitments: dict[bytes, int] = {}
    keys = KeyBook()
    for position, each in found:
        name = f"leaf:{position}"
        if each is None:
            yield Difference(Kind.ALTERED, name, "it is no leaf of this kind of log")
            continue
        if latest is not None and each.at < latest:
            why = f"it says {rfc3339(each.at)}, and the leaf before it {rfc3339(latest)}"
            yield Difference(Kind.BACK_DATED, name, why)
        latest = each.at if latest is None else max(latest, each.at)
        if (first := commitments.setdefault(each.commitment, position)) != position:
            yield Difference(Kind.EXTRA, name, f"it repeats the commitment of leaf:{first}")
        if wrong := keys.read(each.key):
            yield Difference(Kind.ALTERED, name, wrong)


class KeyBook:
    """Members' signing keys by position: each is enrolled once, and then revoked at most once."""

    def __init__(self) -> None:
        self._states: dict[bytes, str] = {}

    def read(self, key: Mapping[str, Any] | None) -> str | None:
        """What is wrong with this key leaf, if anything. The first leaf of a key that we see may revoke it."""
        if key is None or key.get("use") != "report":
            return None
        state, about = str(key.get("state")), rfc8785.dumps(key.get("jwk"))
        before, self._states[about] = self._states.get(about), state
        if before == "revoked" or before == state:
            return f"it makes a key {state} that is {before} already"
        return None
