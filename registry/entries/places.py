"""Which entries are in the absence tree: written with every snapshot, which is the last leaf of its checkpoint.

1. whatever happens to an entry stirs it (`stir`); an end that has passed stirs nothing and is found by its date; one
   that an order hides stays stirred until that date
2. `snapshot`, in the sequencer's transaction, looks at these alone: what is shown of their handles now against the
   place that is open; an old place ends before this snapshot, a new one begins with it
3. the tree of the snapshot before, changed so, gives the roots; row and act are written. The first snapshot after the
   identity key was switched has an epoch of its own, and the labels of the new key

A leaf's salt, and all of a dummy, are made from the pepper, so that neither is kept anywhere. There are at least as
many dummies as entries and never fewer than before: what a proof shows of its neighbours says nothing about people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
import structlog

from registry import base64url, vault
from registry.db import Session, new_id
from registry.entries import queries, trees
from registry.entries.models import Entry, Label, Place, Snapshot, Stirred
from registry.entries.trees import Trees
from registry.errors import Conflict
from registry.keys.rotations import in_use, is_present
from registry.log import absence
from registry.log.absence_tree import Tree
from registry.log.actions import record
from registry.log.models import Act, LeafType
from registry.log.sequencer import Closing
from registry.notices import news
from registry.policy import News

ACTOR = "system:snapshot"
LISTING = "system:listing"
LEAST_DUMMIES = 1000

_log = structlog.get_logger("zilu.snapshot")


def stir(session: Session, entry: Entry) -> None:
    """To be called by whatever changes who is shown the entry, before it records its act."""
    session.add(Stirred(entry_id=entry.id))


def name(session: Session, entry: Entry, tag: bytes) -> None:
    """Keep the label of the entry's tag under the entry's handle, once. Whoever lists an entry does so.

    The handle is the one that every row about the person has, whichever identity key the tag is under. A tag from
    before the last switch is of no use any more: the rotation that moved it has kept the label of the moved one.
    """
    if entry.handle is None or not is_present(session, tag, entry.handle):
        return
    rotation = in_use(session)
    if rotation not in _labels(session, entry.handle):
        _keep(session, entry.handle, rotation, tag)
        session.flush()  # places refer to it


def name_next(session: Session, moved: Mapping[bytes, bytes], *, rotation: int) -> None:
    """Keep the labels of tags under the next key, by the handle that their rows have until it is replaced."""
    known = sa.select(Label.handle).where(Label.handle.in_(moved), Label.rotation == rotation)
    for handle in moved.keys() - set(session.scalars(known)):
        _keep(session, handle, rotation, moved[handle])


def _keep(session: Session, handle: bytes, rotation: int, tag: bytes) -> None:
    new, key = Label(id=new_id(), handle=handle, rotation=rotation), session.keyring.vault_key
    new.sealed = vault.seal(key, absence.label(tag), table="label", row=new.id, column="sealed")
    session.add(new)


def forget(session: Session, handle: bytes) -> None:
    """Let nobody find the person's places any more. What was in older trees cannot be computed again then.

    Conflict while the last snapshot still shows the person: without the label they could not leave the next one.
    """
    labels = _labels(session, handle).values()
    if _there(session, labels) is not None:
        raise Conflict("the last snapshot of the log still shows the person; wait for the next", code="still-shown")
    for label in labels:
        label.handle = label.sealed = None


def _labels(session: Session, handle: bytes) -> dict[int, Label]:
    """By rotation, the oldest first."""
    found = session.scalars(sa.select(Label).where(Label.handle == handle).order_by(Label.rotation))
    return {label.rotation: label for label in found}


def _there(session: Session, labels: Iterable[Label]) -> Place | None:
    """The place that is open, under whichever of the labels it began."""
    ids = [label.id for label in labels]
    return session.scalar(sa.select(Place).where(Place.label_id.in_(ids), Place.before.is_(None)))


def snapshot(session: Session, before: Tree, now: datetime) -> Act:
    """Take the next snapshot; `before` is the tree of the last one, empty before the first."""
    last, rotation = trees.latest(session), in_use(session)
    new = Snapshot(number=last.number + 1 if last else 1, at=now, epoch=last.epoch if last else 1, rotation=rotation)
    new.entries = (last.entries if last else 0) + sum(
        _move(session, handle, new, now) for handle in _stirred(session, now)
    )
    known = last.dummies if last else 0
    new.dummies = max(known, new.entries, LEAST_DUMMIES)
    session.flush()
    try:
        if last and last.rotation != rotation:
            raise Conflict("the labels of another key stand elsewhere; the whole tree is made anew")
        tree = trees.after(session, before, trees.moment_of(new), known=known)
    except Conflict:  # or two labels have one path: once in thousands of years. Everything is put elsewhere
        new.epoch += 1
        tree = trees.whole(session, trees.moment_of(new))
    return _write(session, new, tree)


def closing(kept: Trees) -> Closing:
    """What the sequencer asks at the end of each batch."""
    return lambda session, now: snapshot(session, kept.last(session, now), now)


def end(session: Session, now: datetime) -> bool:
    """Stir the entries whose end has passed, so that a snapshot is taken although nothing else happens."""
    stirred = sa.select(Stirred.entry_id)
    over = sa.select(Place.entry_id).where(Place.before.is_(None), Place.ends_at <= now, Place.entry_id.not_in(stirred))
    ended = session.scalars(over).all()
    if ended:
        session.add_all(Stirred(entry_id=entry_id) for entry_id in ended)
        for entry_id in ended:
            case_id = session.get_one(Entry, entry_id).case_id
            news.tell(session, case_id=case_id, news=News.REMOVED, now=now)
        record(session, "entry.expire", actor=LISTING, now=now, facts={"entries": len(ended)})
    return bool(ended)


def _write(session: Session, new: Snapshot, tree: Tree) -> Act:
    roots = absence.encode_roots(tree.roots())
    new.act, new.roots = new_id(), hashlib.sha256(roots).digest()
    session.add(new)
    encoded = base64url.encode(roots)
    facts = {"epoch": new.epoch, "number": new.number, "roots": encoded, "rotation": new.rotation}
    return record(session, absence.VERB, actor=ACTOR, now=new.at, facts=facts, uid=new.act, type=LeafType.SNAPSHOT)


def _stirred(session: Session, now: datetime) -> list[bytes]:
    """Handles to look at: of what was stirred, and of places whose end has passed. What is hidden stays stirred."""
    stirred = session.execute(sa.select(Stirred, Entry).join(Entry, Entry.id == Stirred.entry_id)).all()
    over = sa.select(Label.handle).join(Place, Place.label_id == Label.id)
    ended = session.scalars(over.where(Place.before.is_(None), Place.ends_at <= now))
    for row, entry in stirred:
        if entry.hidden_until is None or entry.hidden_until <= now:
            session.delete(row)
    found = dict.fromkeys([*(entry.handle for _, entry in stirred), *ended])
    return [handle for handle in found if handle is not None]


def _move(session: Session, handle: bytes, new: Snapshot, now: datetime) -> int:
    """Let the handle's place end before this snapshot and one begin with it, as is due; how many more there are."""
    shown, labels = queries.visible(session, [handle], now).get(handle), _labels(session, handle)
    if shown and new.rotation not in labels:  # nobody was there to name it; the audit misses it
        _log.error("an entry has no label, so no snapshot can show it", entry=shown.id)
    if not labels:
        return 0
    there = _there(session, labels.values())
    if there and shown and (there.entry_id, there.ends_at) == (shown.id, shown.until):
        return 0
    if there:
        there.before = new.number
    if shown:
        label = next(iter(labels.values()))
        session.add(Place(label_id=label.id, entry_id=shown.id, since=new.number, ends_at=shown.until))
    return bool(shown) - bool(there)
