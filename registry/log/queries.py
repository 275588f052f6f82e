"""What the log shows: the head, tiles, entry bundles, and proofs (C2SP tlog-tiles, tlog-proof)."""

from __future__ import annotations

import sqlalchemy as sa

from registry.db import Session
from registry.errors import NotFound
from registry.log import proof, tiles, tree
from registry.log.models import Act, Checkpoint, Tile
from registry.log.sequencer import latest, reader


def head_note(session: Session) -> str:
    """The latest checkpoint as a signed note; NotFound before the first."""
    head = latest(session)
    if head is None:
        raise NotFound("the log is still empty")
    return head.note


def tile(session: Session, path: str) -> bytes:
    """The bytes of a tile or bundle at this path; NotFound for one that the log does not have, or not that wide."""
    wanted = tiles.parse_path(path)
    head = latest(session)
    if head is None or wanted.width > tiles.width_at(wanted.level, wanted.index, size=head.size):
        raise NotFound("the log has no such tile")
    if wanted.level is None:
        return _bundle(session, wanted)
    stored = session.get(Tile, (wanted.level, wanted.index))
    if stored is None:
        raise NotFound("the log has no such tile")
    return stored.hashes[: wanted.width * tree.HASH_SIZE]


def _bundle(session: Session, wanted: tiles.Tile) -> bytes:
    start = wanted.index * tiles.WIDTH
    span = Act.position.between(start, start + wanted.width - 1)
    entries = session.scalars(sa.select(Act.entry).where(span).order_by(Act.position)).all()
    return tiles.encode_bundle([entry for entry in entries if entry is not None])


def prove(session: Session, act: Act) -> tuple[bytes, str] | None:
    """The act's entry and its proof under the latest checkpoint; None while it is not sequenced."""
    head: Checkpoint | None = latest(session)
    if act.position is None or act.entry is None or head is None or head.size <= act.position:
        return None
    hashes = tree.inclusion_proof(act.position, size=head.size, hashes=tiles.hashes(reader(session)))
    return act.entry, proof.Proof(act.position, hashes, head.note).encode()
