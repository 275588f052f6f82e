"""What the log shows: the head, tiles, entry bundles, and proofs (C2SP tlog-tiles, tlog-proof)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from registry.db import Session
from registry.errors import Invalid, NotFound
from registry.log import proof, tiles, tree
from registry.log.models import Act, Checkpoint, Tile
from registry.log.sequencer import latest_published, reader

_PUBLISHED = (
    sa.select(Checkpoint.size, Checkpoint.published)
    .where(Checkpoint.published.is_not(None))
    .order_by(Checkpoint.size.desc())
    .limit(1)
)


def head_note(session: Session) -> str:
    """The newest checkpoint that has its quorum, as a signed note; NotFound before the first."""
    head = latest_published(session)
    if head is None or head.published is None:
        raise NotFound("the log has published nothing yet")
    return head.published


def tile(session: Session, path: str) -> bytes:
    """The bytes of a tile or bundle at this path; NotFound for one that the log does not have, or not that wide."""
    try:
        wanted = tiles.parse_path(path)
    except Invalid:  # a static resource is there or it is not, whatever it is called
        raise NotFound("the log has no such tile") from None
    head = latest_published(session)
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


def is_public(session: Session, position: int | None) -> bool:
    """Whether the leaf at this position stands under a published checkpoint."""
    head = latest_published(session)
    return head is not None and position is not None and position < head.size


def prove(session: Session, act: Act, head: Checkpoint | None = None) -> tuple[bytes, str] | None:
    """The act's entry and its proof under `head` or the newest published checkpoint; None where it is not under it."""
    return prove_all(session, [act], head)[0]


def prove_all(session: Session, acts: Sequence[Act], head: Checkpoint | None = None) -> list[tuple[bytes, str] | None]:
    """As `prove` of each, under one checkpoint."""
    size, note = (head.size, head.published) if head else _published(session)
    size = size if note else 0
    positions = [act.position for act in acts if act.position is not None and act.position < size]
    ahead = tiles.touched(positions, size=size) if positions else ()
    found = tree.inclusion_proofs(positions, size=size, hashes=tiles.hashes(reader(session, ahead)))
    proofs = {at: proof.Proof(at, hashes, note or "") for at, hashes in zip(positions, found, strict=True)}
    return [_proven(act, proofs) for act in acts]


def _published(session: Session) -> tuple[int, str | None]:
    """Size and note of the newest head that anyone is shown; the note is None before the first."""
    found = session.execute(_PUBLISHED).first()
    return (found.size, found.published) if found else (0, None)


def _proven(act: Act, proofs: Mapping[int, proof.Proof]) -> tuple[bytes, str] | None:
    if act.position is None or act.entry is None or act.position not in proofs:
        return None
    return act.entry, proofs[act.position].encode()
