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
from collections.abc import Iterator, Sequence
from datetime import datetime

import rfc8785
import sqlalchemy as sa

from registry.clock import rfc3339
from registry.db import Keyring, Session, Store
from registry.errors import Conflict, Invalid
from registry.log import checkpoint, leaf, tiles, tree
from registry.log.models import Act, Checkpoint, Tile
from registry.policy import SEQUENCING_LIMIT
from registry.signing.keys import PrivateKey

BATCH = 4096
_LOCK = 0x7A696C75  # "zilu"


def sequence(store: Store, *, key: PrivateKey, origin: str, now: datetime) -> Checkpoint | None:
    """Sequence what is pending, at most 4,096 acts; None when nothing is. Conflict if the clock went back."""
    with store.write() as session:
        _lock(session)  # 1
        head = latest(session)  # 2
        pending = session.scalars(sa.select(Act).where(Act.position.is_(None)).order_by(Act.id).limit(BATCH)).all()
        if not pending:
            return None
        size = head.size if head else 0
        if head and now < head.at - SEQUENCING_LIMIT:  # less is two nodes' clocks differing
            raise Conflict("the clock went back behind the last checkpoint; the log waits until it has caught up")
        times = list(_times(pending, max(now, head.at) if head else now))  # 3
        entries = [_entry(act, at) for act, at in zip(pending, times, strict=True)]
        grown = tiles.append(size, [tree.leaf_hash(entry) for entry in entries], reader(session))
        _place(session, pending, entries, size)  # 4
        for (level, index), hashes in grown.tiles.items():
            session.merge(Tile(level=level, index=index, hashes=hashes))
        note = checkpoint.sign(checkpoint.Checkpoint(origin, grown.size, grown.root), key=key)
        at, sealed = times[-1], seal(session.keyring, size=grown.size, previous=size, at=times[-1], note=note)
        new = Checkpoint(size=grown.size, previous=size, root=grown.root, at=at, note=note, seal=sealed)
        session.add(new)
        return new


def _lock(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def seal(keyring: Keyring, *, size: int, previous: int, at: datetime, note: str) -> bytes:
    """HMAC-SHA256 over all of a checkpoint's row: the note signs the tree alone, not its time nor what came before."""
    message = rfc8785.dumps({"at": rfc3339(at), "note": note, "previous": previous, "size": size})
    return hmac.digest(keyring.pepper, b"zilu/checkpoint/v1\0" + message, "sha256")


def _times(acts: Sequence[Act], latest: datetime) -> Iterator[datetime]:
    """When each is stamped: `now`, unless it happened after `now` was read, as an act that held the lock did."""
    for act in acts:
        latest = max(latest, act.at)
        yield latest


def _entry(act: Act, at: datetime) -> bytes:
    clear = json.loads(act.clear) if act.clear is not None else None
    return leaf.encode(leaf.Leaf(act.commitment, at, act.type.value, clear))


def _place(session: Session, acts: Sequence[Act], entries: Sequence[bytes], size: int) -> None:
    for offset, (act, entry) in enumerate(zip(acts, entries, strict=True)):
        act.position, act.entry = size + offset, entry


def latest(session: Session) -> Checkpoint | None:
    return session.scalars(sa.select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1)).first()


def reader(session: Session) -> tiles.Read:
    """Stored tiles, for `tiles` and `tree`."""

    def read(level: int, index: int) -> bytes:
        tile = session.get(Tile, (level, index))
        return tile.hashes if tile else b""

    return read


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
