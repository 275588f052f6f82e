"""Move what is sealed, so many tags at a time. Whatever a kill interrupts has not happened."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.cases.models import Case
from registry.checks.models import Canary, Check
from registry.db import Session, Store, new_id
from registry.entries import places
from registry.errors import Conflict, Invalid
from registry.identity import tags, voprf
from registry.keys import holder as holders
from registry.keys.holder import Holder
from registry.keys.models import Moved, Proof, Renamed, Rotation
from registry.keys.rotations import stop_handles
from registry.log.actions import record

ACTOR = "system:rotation"

Sealed = Case | Check | Canary

# What has a sealed tag, by the first part of its name in `moved`.
SOURCES: Mapping[str, type[Sealed]] = {"case": Case, "check": Check, "canary": Canary}


@dataclass(frozen=True, slots=True)
class Source:
    """A row with a sealed tag: its name in `moved`, the seal, and its handle."""

    name: str
    sealed: bytes
    handle: bytes = field(repr=False)


def unmoved(session: Session) -> int:
    """How many tags are still to be moved."""
    counts = (sa.select(sa.func.count()).select_from(rows.subquery()) for rows in (_cases(), _checks(), _canaries()))
    return sum(session.scalar(count) or 0 for count in counts)


def move_some(store: Store, holder: Holder, rotation: Rotation, *, limit: int, now: datetime) -> int:
    """Move up to `limit` tags under one proof, cases before checks before canaries, never mixed; returns how many.

    Nothing is locked while the key holder works. Raises Conflict when the holder's answer is not of the rotation's
    ratio, or a row's handle is not that of its sealed tag: then nothing is written.
    """
    with store.read() as session:
        sources = _next_sources(session, limit)
    if not sources:
        return 0
    answer = holder.move_sealed([source.sealed for source in sources])
    verify(rotation, answer.tags, answer.moved, answer.proof)
    with store.write() as session:
        return write(session, rotation, sources, answer, now)


def verify(
    rotation: Rotation, before: Sequence[Sequence[bytes]], after: Sequence[Sequence[bytes]], proof: bytes
) -> None:
    """Conflict unless one ratio leads from the old key to the new one and from each tag to its moved one."""
    olds, news = ([tag for found in part for tag in found] for part in (before, after))
    try:
        voprf.verify_proof(rotation.ratio_public, [rotation.old_public, *olds], [rotation.new_public, *news], proof)
    except Invalid:
        raise Conflict("a tag was not moved to the new key: the proof does not fit", code="rotation-proof") from None


def verify_handle(session: Session, source: Source, found: Sequence[bytes]) -> None:
    """Conflict, naming the row, unless its handle is that of the one tag that it has sealed."""
    if [source.handle] != [tags.handle(session.keyring.pepper, tag) for tag in found]:
        raise Conflict(f"{source.name} has another tag sealed than its handle is of", code="rotation-handle")


def source_of(session: Session, name: str) -> Source | None:
    """What is sealed in the row of this name; None once its tag was erased."""
    row = row_of(session, name)
    return None if row is None else next(_sources([row]), None)


def row_of(session: Session, name: str) -> Sealed | None:
    """The row of this name in `moved`."""
    kind, _, id = name.partition(":")
    model: type[Any] = SOURCES[kind]
    row: Sealed | None = session.get(model, id)
    return row


def _next_sources(session: Session, limit: int) -> list[Source]:
    for rows in (_cases().order_by(Case.id), _checks().order_by(Check.id), _canaries().order_by(Canary.id)):
        if found := session.scalars(rows.limit(limit)).all():
            return list(_sources(found))
    return []


def _sources(rows: Iterable[Sealed]) -> Iterator[Source]:
    for row in rows:
        handle = row.subject_handle if isinstance(row, Case) else row.handle
        if row.sealed_tag is not None and handle is not None:
            yield Source(f"{row.__tablename__}:{row.id}", row.sealed_tag, handle)


def _cases() -> sa.Select[Case]:
    moved = sa.exists().where(Moved.source == sa.literal("case:") + Case.id)
    return sa.select(Case).where(Case.sealed_tag.is_not(None), Case.subject_handle.is_not(None), ~moved)


def _checks() -> sa.Select[Check]:
    moved = sa.exists().where(Moved.source == sa.literal("check:") + Check.id)
    return sa.select(Check).where(Check.sealed_tag.is_not(None), Check.handle.is_not(None), ~moved)


def _canaries() -> sa.Select[Canary]:
    moved = sa.exists().where(Moved.source == sa.literal("canary:") + Canary.id)
    return sa.select(Canary).where(~moved)


def write(session: Session, rotation: Rotation, sources: Sequence[Source], answer: holders.Moved, now: datetime) -> int:
    """Write what was moved under a new proof; 0 when another process was first, or a tag was erased meanwhile."""
    stop_handles(session)
    names = [source.name for source in sources]
    if session.scalar(sa.select(sa.func.count()).where(Moved.source.in_(names))):
        return 0  # the next round finds what is left
    if any(source_of(session, source.name) != source for source in sources):
        return 0
    made = Proof(id=new_id(), rotation_id=rotation.id, proof=answer.proof, tags=len(sources), made_at=now)
    session.add(made)
    session.flush()
    for ordinal, (source, found, sealed) in enumerate(zip(sources, answer.tags, answer.sealed, strict=True)):
        verify_handle(session, source, found)
        session.add(Moved(source=source.name, proof_id=made.id, ordinal=ordinal, sealed_next=sealed))
    _rename(session, sources, answer)
    _name(session, rotation, sources, answer)
    facts = {"rotation": rotation.number, "proof": made.id, "tags": made.tags}
    record(session, "identity.move", actor=ACTOR, now=now, facts=facts)
    return made.tags


def _rename(session: Session, sources: Sequence[Source], answer: holders.Moved) -> None:
    pairs = {
        source.handle: tags.handle(session.keyring.pepper, tag)
        for source, (tag,) in zip(sources, answer.moved, strict=True)
    }
    known = set(session.scalars(sa.select(Renamed.handle).where(Renamed.handle.in_(pairs))))
    new = {old: after for old, after in pairs.items() if old not in known}
    session.add_all(
        Renamed(id=new_id(), handle=old, handle_next=after, blind=secrets.token_bytes(16)) for old, after in new.items()
    )


def _name(session: Session, rotation: Rotation, sources: Sequence[Source], answer: holders.Moved) -> None:
    """What may be listed has its place in the absence tree under the next key as well."""
    moved = zip(sources, answer.moved, strict=True)
    places.name_next(
        session,
        {source.handle: tag for source, (tag,) in moved if source.name.startswith("case:")},
        rotation=rotation.number,
    )
