"""Show that an answer left nothing out: what the snapshots next to it say of its tags (`registry.log.snapshot`).

The snapshot before an answer ends the checkpoint that its receipt names; it is there at once, and comes with the
answer where that has at most ten tags. The one after it is the first that was taken later. Either is to be had for a
day, for the tags of the batch alone, and no more often than `CHALLENGES_PER_TAG` for each: what is asked is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from registry import base64url, vault
from registry.access import Actor
from registry.checks.models import Batch, Challenge, Check
from registry.checks.queries import require_batch
from registry.db import Session
from registry.entries import trees
from registry.entries.models import Snapshot
from registry.entries.trees import Trees
from registry.errors import Invalid, NotFound, TooMany
from registry.identity import tags as identity
from registry.keys.rotations import latest_switch
from registry.log import absence
from registry.log.absence_tree import Tree
from registry.log.actions import record
from registry.log.models import Act, Checkpoint, LeafType
from registry.log.queries import prove
from registry.policy import ABSENCE_AT_ONCE, CHALLENGES_PER_TAG, DAY

Shown = dict[str, Any]
References = dict[bytes | None, str | None]
SECOND = timedelta(seconds=1)


def attached(session: Session, batch: Batch, tags: Sequence[bytes], kept: Trees, *, now: datetime) -> Shown | None:
    """What the snapshot before the answer says; None for more than ten tags, and where there is no such snapshot."""
    return _before(session, batch, tags, kept, now) if len(tags) <= ABSENCE_AT_ONCE else None


def challenge(
    session: Session, *, actor: Actor, batch_id: str, tags: Sequence[bytes], after: bool, kept: Trees, now: datetime
) -> Shown:
    """What the snapshot after (or before) the answer says of these tags of the batch. An act.

    NotFound while there is none, a day later, and once the identity key was rotated; Invalid for a tag that was not
    asked about; TooMany when more was asked than is allowed for a batch.
    """
    batch, shown = require_batch(session, actor, batch_id), None
    if not _is_rotated(session):
        _verify_asked(session, batch, tags)
        shown = (_after if after else _before)(session, batch, tags, kept, now)
    if shown is None:
        raise NotFound("there is no such snapshot next to this answer, not yet or not any more", code="no-snapshot")
    _count(session, batch, len(tags), now)
    record(session, "check.challenge", actor=actor.id, now=now, facts={"batch": batch.id, "count": len(tags)})
    return shown


def _is_rotated(session: Session) -> bool:
    """Whether another key than the first is in use: labels are of the first one's tags, handles not of the tag's."""
    return latest_switch(session) is not None


def _verify_asked(session: Session, batch: Batch, tags: Sequence[bytes]) -> None:
    asked = set(session.scalars(sa.select(Check.handle).where(Check.batch_id == batch.id)))
    if any(identity.handle(session.keyring.pepper, tag) not in asked for tag in tags):
        raise Invalid("tags must be some of those that the batch asked about", field="tags")


def _count(session: Session, batch: Batch, units: int, now: datetime) -> None:
    row = session.get(Challenge, batch.id, with_for_update=True)
    if row is None:
        row = Challenge(batch_id=batch.id, used=0)
        session.add(row)
    if row.used + units > batch.count * CHALLENGES_PER_TAG:
        raise TooMany(
            "this batch's snapshots have been asked for often enough",
            field="tags",
            retry_after=int(DAY.total_seconds()),
        )
    row.used += units


def _before(session: Session, batch: Batch, tags: Sequence[bytes], kept: Trees, now: datetime) -> Shown | None:
    head = session.get(Checkpoint, batch.size)
    act = session.scalar(sa.select(Act).where(Act.position == batch.size - 1, Act.type == LeafType.SNAPSHOT))
    return _shown(session, batch, tags, kept, now, act, head) if head and act else None


def _after(session: Session, batch: Batch, tags: Sequence[bytes], kept: Trees, now: datetime) -> Shown | None:
    own = session.scalar(sa.select(Act.position).where(Act.uid == batch.act))
    later = sa.select(Act).where(Act.type == LeafType.SNAPSHOT, Act.position > own).order_by(Act.position).limit(1)
    act = session.scalar(later) if own is not None else None
    return _shown(session, batch, tags, kept, now, act, None) if act else None


def _shown(
    session: Session,
    batch: Batch,
    tags: Sequence[bytes],
    kept: Trees,
    now: datetime,
    act: Act,
    head: Checkpoint | None,
) -> Shown | None:
    if _is_rotated(session):
        return None
    taken = session.scalars(sa.select(Snapshot).where(Snapshot.act == act.uid)).one()
    tree, proven = kept.at(session, taken.number, now), prove(session, act, head)
    if tree is None or proven is None:
        return None
    entry, proof = proven
    opened = {name: base64url.encode(_opened(session, act, name)) for name in ("record", "salt")}
    references = _references(session, batch)
    return {
        "snapshot": {"entry": base64url.encode(entry), "proof": proof, **opened},
        "tags": [base64url.encode(tag) for tag in tags],
        "proofs": [base64url.encode(_proved(session, tree, taken.epoch, tag, references)) for tag in tags],
    }


def _proved(session: Session, tree: Tree, epoch: int, tag: bytes, references: References) -> bytes:
    label = absence.label(tag)
    reference = references.get(identity.handle(session.keyring.pepper, tag)) or ""
    salt = trees.salt(session.keyring, epoch=epoch, label=label, reference=reference)
    return tree.prove(absence.path(epoch, label), salt).encode()


def _references(session: Session, batch: Batch) -> References:
    """What was answered, by handle: the salt of another answer would tell of it."""
    rows = session.execute(sa.select(Check.handle, Check.entry_id).where(Check.batch_id == batch.id))
    return {row[0]: row[1] for row in rows}


def _opened(session: Session, act: Act, column: str) -> bytes:
    return vault.open_sealed(session.keyring.vault_key, getattr(act, column), table="act", row=act.uid, column=column)
