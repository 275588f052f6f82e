"""Show that an answer left nothing out: what the snapshots next to it say of its tags (`registry.log.snapshot`).

The snapshot before an answer ends the checkpoint that its receipt names; it is there at once, and comes with the
answer where that has at most ten tags. The one after it is the first that was taken later. A snapshot speaks of tags
of one identity key, so one that is about another than the answer is not shown. Either is to be had for a day, for the
tags of the batch alone, and no more often than `CHALLENGES_PER_TAG` for each: what is asked is counted.
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
from registry.keys.rotations import handles_of, in_use
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

    NotFound while there is none, a day later, and where it is about the tags of another identity key; Invalid for a tag
    that was not asked about; TooMany when more was asked than is allowed for a batch.
    """
    batch = require_batch(session, actor, batch_id)
    _verify_asked(session, batch, tags)
    shown = (_after if after else _before)(session, batch, tags, kept, now)
    if shown is None:
        raise _none()
    _count(session, batch, len(tags), now)
    record(session, "check.challenge", actor=actor.id, now=now, facts={"batch": batch.id, "count": len(tags)})
    return shown


def _verify_asked(session: Session, batch: Batch, tags: Sequence[bytes]) -> None:
    asked = set(session.scalars(sa.select(Check.handle).where(Check.batch_id == batch.id)))
    if asked.issuperset(handles_of(session, tags)):
        return
    if batch.rotation != in_use(session):  # the handles are of another key's tags by now
        raise _none()
    raise Invalid("tags must be some of those that the batch asked about", field="tags")


def _none() -> NotFound:
    return NotFound("there is no such snapshot next to this answer, not yet or not any more", code="no-snapshot")


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
    taken = session.scalars(sa.select(Snapshot).where(Snapshot.act == act.uid)).one()
    if taken.rotation != batch.rotation:  # of these tags it says nothing
        return None
    tree, proven = kept.at(session, taken.number, now), prove(session, act, head)
    if tree is None or proven is None:
        return None
    entry, proof = proven
    opened = {name: base64url.encode(_opened(session, act, name)) for name in ("record", "salt")}
    references = _references(session, batch)
    answered = [references.get(handle) for handle in handles_of(session, tags)]
    return {
        "snapshot": {"entry": base64url.encode(entry), "proof": proof, **opened},
        "tags": [base64url.encode(tag) for tag in tags],
        "proofs": [
            base64url.encode(_proved(session, tree, taken.epoch, tag, reference))
            for tag, reference in zip(tags, answered, strict=True)
        ],
    }


def _proved(session: Session, tree: Tree, epoch: int, tag: bytes, reference: str | None) -> bytes:
    label = absence.label(tag)
    salt = trees.salt(session.keyring, epoch=epoch, label=label, reference=reference or "")
    return tree.prove(absence.path(epoch, label), salt).encode()


def _references(session: Session, batch: Batch) -> References:
    """What was answered, by handle: the salt of another answer would tell of it."""
    rows = session.execute(sa.select(Check.handle, Check.entry_id).where(Check.batch_id == batch.id))
    return {row[0]: row[1] for row in rows}


def _opened(session: Session, act: Act, column: str) -> bytes:
    return vault.open_sealed(session.keyring.vault_key, getattr(act, column), table="act", row=act.uid, column=column)
