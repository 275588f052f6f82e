"""The one sequencer: gives pending acts their positions, extends the tiles, signs the checkpoint.

One transaction does all of it, so that after a crash at any point the log stands before or after, never between:

1. take the sequencer's lock (SQLite: the write lock; PostgreSQL: an advisory lock of the transaction)
2. read the head, and the pending acts in the order in which they were written
3. stamp, encode and append their leaves; a leaf is never older than its act, nor than the leaf before it
4. write positions and tiles; sign the new head and write it. A note that was signed but not committed never leaves
   this process, so there are never two checkpoints of one size.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import rfc8785
import sqlalchemy as sa

from registry.clock import rfc3339
from registry.db import Keyring, Session, Store
from registry.errors import Conflict, Invalid
from registry.log import checkpoint, leaf, tiles, tree
from registry.log.models import Act, Checkpoint, LeafType, Tile
from registry.policy import SEQUENCING_LIMIT
from registry.signing.keys import PrivateKey

BATCH = 4096

# Is asked at the end of a batch, in its transaction, and may `record` one act, whose leaf then stands last in the
# checkpoint: the place of the `snapshot` leaf. Returns that act, or None when there is nothing to say.
Closing = Callable[[Session, datetime], Act | None]

_TILE = sa.select(Tile.hashes).where(Tile.level == sa.bindparam("at_level"), Tile.index == sa.bindparam("at_index"))
# All levels with all indexes: a few tiles too many, and SQLite finds none of them by pairs without reading them all.
_TILES = sa.select(Tile.level, Tile.index, Tile.hashes).where(
    Tile.level.in_(sa.bindparam("levels", expanding=True)), Tile.index.in_(sa.bindparam("indexes", expanding=True))
)
_TILES_AT_ONCE = 400  # in one statement


class Row(NamedTuple):
    """What the sequencer reads of an act."""

    id: int
    at: datetime
    type: LeafType
    commitment: bytes
    clear: str | None


_LOCK = 0x7A696C75  # "zilu"


def sequence(
    store: Store,
    *,
    key: PrivateKey,
    origin: str,
    now: datetime,
    witnessed: bool = False,
    closing: Closing | None = None,
) -> Checkpoint | None:
    """Sequence what is pending, at most 4,096 acts; None when nothing is. Conflict if the clock went back.

    The head is published with it, unless it is to be `witnessed` first (`publish`). `closing` may record one act more,
    whose leaf is the batch's last; it is asked only when nothing else is left pending.
    """
    with store.write() as session:
        _lock(session)  # 1
        head = latest(session)  # 2
        pending = _pending(session)
        if not pending:
            return None
        size = head.size if head else 0
        if head and now < head.at - SEQUENCING_LIMIT:  # less is two nodes' clocks differing
            raise Conflict("the clock went back behind the last checkpoint; the log waits until it has caught up")
        if closing is not None and len(pending) < BATCH and closing(session, now) is not None:
            pending = _pending(session)
        times = list(_times(pending, max(now, head.at) if head else now))  # 3
        entries = [_entry(act, at) for act, at in zip(pending, times, strict=True)]
        grown = tiles.append(size, [tree.leaf_hash(entry) for entry in entries], reader(session))
        _place(session, pending, entries, size)  # 4
        for (level, index), hashes in grown.tiles.items():
            session.merge(Tile(level=level, index=index, hashes=hashes))
        note = checkpoint.sign(checkpoint.Checkpoint(origin, grown.size, grown.root), key=key)
        new = Checkpoint(size=grown.size, previous=size, root=grown.root, at=times[-1], note=note)
        new.published = None if witnessed else note
        new.seal = _seal_of(session.keyring, new)
        session.add(new)
        return new


def publish(session: Session, head: Checkpoint, note: str) -> None:
    """Show this head from now on: `note` is its own with the cosignatures of a quorum, which the caller verified."""
    head.published = note
    head.seal = _seal_of(session.keyring, head)


def _pending(session: Session) -> list[Row]:
    """Acts without a position, in the order in which they were written. Plain rows: an object each costs more."""
    columns = (Act.id, Act.at, Act.type, Act.commitment, Act.clear)
    found = session.execute(sa.select(*columns).where(Act.position.is_(None)).order_by(Act.id).limit(BATCH))
    return [Row(*row) for row in found]


def _lock(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _seal_of(keyring: Keyring, head: Checkpoint) -> bytes:
    return seal(keyring, size=head.size, previous=head.previous, at=head.at, note=head.note, published=head.published)


def seal(keyring: Keyring, *, size: int, previous: int, at: datetime, note: str, published: str | None) -> bytes:
    """HMAC-SHA256 over all of a checkpoint's row: the note signs the tree alone, not its time nor what came before."""
    row: dict[str, Any] = {"at": rfc3339(at), "note": note, "previous": previous, "size": size}
    message = rfc8785.dumps(row if published is None else {**row, "published": published})
    return hmac.digest(keyring.pepper, b"zilu/checkpoint/v1\0" + message, "sha256")


def _times(acts: Sequence[Row], latest: datetime) -> Iterator[datetime]:
    """When each is stamped: `now`, unless it happened after `now` was read, as an act that held the lock did."""
    for act in acts:
        latest = max(latest, act.at)
        yield latest


def _entry(act: Row, at: datetime) -> bytes:
    clear = json.loads(act.clear) if act.clear is not None else None
    return leaf.encode(leaf.Leaf(act.commitment, at, act.type.value, clear))


def _place(session: Session, acts: Sequence[Row], entries: Sequence[bytes], size: int) -> None:
    """All at once, by primary key."""
    numbered = enumerate(zip(acts, entries, strict=True), size)
    placed = [{"id": act.id, "position": position, "entry": entry} for position, (act, entry) in numbered]
    session.execute(sa.update(Act), placed)


def latest(session: Session) -> Checkpoint | None:
    return session.scalars(sa.select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).first()


def latest_published(session: Session) -> Checkpoint | None:
    """The newest head that anyone is shown."""
    query = sa.select(Checkpoint).where(Checkpoint.published.is_not(None)).order_by(Checkpoint.size.desc()).limit(1)
    return session.scalars(query).first()


def waits(session: Session) -> bool:
    """Whether there is something to sequence, or a head to publish. Cheap: asked many times in a second."""
    if session.scalar(sa.select(Act.id).where(Act.position.is_(None)).limit(1)) is not None:
        return True
    head = latest(session)
    return head is not None and head.published is None


def reader(session: Session, ahead: Collection[tuple[int, int]] = ()) -> tiles.Read:
    """Stored tiles, for `tiles` and `tree`; those in `ahead` are read with one statement."""
    held: dict[tuple[int, int], bytes] = {}
    for some in _batched(ahead, _TILES_AT_ONCE):
        levels, indexes = ({pair[part] for pair in some} for part in (0, 1))
        found = session.execute(_TILES, {"levels": list(levels), "indexes": list(indexes)})
        held.update({(level, index): hashes for level, index, hashes in found})

    def read(level: int, index: int) -> bytes:
        if (level, index) in held:
            return held[level, index]
        found: bytes | None = session.scalar(_TILE, {"at_level": level, "at_index": index})
        return found or b""

    return read


def _batched(wanted: Collection[tuple[int, int]], count: int) -> Iterator[list[tuple[int, int]]]:
    rest = iter(wanted)
    while some := list(islice(rest, count)):
        yield some


def verify_head(store: Store) -> None:
    """Raise Conflict unless the tiles give the root of the last checkpoint and the acts have its size.

    Asked once at start: a log that does not fit its own head must not grow.
    """
    with store.read() as session:
        head = latest(session)
        size = head.size if head else 0
        placed = session.scalar(sa.select(sa.func.count()).where(Act.position.is_not(None)))
        if placed != size:
            raise Conflict(f"the log has {placed} leaves and its last checkpoint {size}; run zilu audit")
        if head and _root(session, size) != head.root:
            raise Conflict("the log's tiles do not give the root of its last checkpoint; run zilu audit")


def _root(session: Session, size: int) -> bytes | None:
    """What the tiles give; None when one is missing or cut short."""
    try:
        return tree.root_at(size, tiles.hashes(reader(session)))
    except Invalid:
        return None
