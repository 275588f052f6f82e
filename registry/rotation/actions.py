"""Begin a rotation, switch to the new key, replace the old handles."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor, require
from registry.cases.models import Case
from registry.checks.models import Canary, Check
from registry.checks.queries import stop_answering
from registry.db import Session, new_id
from registry.entries import places
from registry.entries.models import Entry, Label
from registry.errors import Conflict
from registry.keys.holder import HolderKeys, Successor, key_id
from registry.keys.models import Moved, Renamed, Rotation
from registry.keys.rotations import going_on, present, stop_handles
from registry.log.actions import record
from registry.log.models import LeafType
from registry.log.own_keys import identity, publish
from registry.policy import ROTATION_GRACE
from registry.rotation.moving import ACTOR, row_of, unmoved
from registry.rotation.verification import unverified


def begin(session: Session, *, actor: Actor, keys: HolderKeys, following: Successor, now: datetime) -> Rotation:
    """Begin the rotation to the holder's next key, or find the one that goes on."""
    require(actor, Action.ROTATE)
    before = going_on(session)
    if before is not None and before.new_public == following.public:
        return before
    if before is not None:
        raise Conflict("the key holder has another next key than this rotation began with; restore its files")
    if present(session, keys).public == following.public:
        raise Conflict("the key holder still has the old key; retire it before the next rotation", code="not-retired")
    last = session.scalar(sa.select(sa.func.max(Rotation.number)))
    rotation = Rotation(
        id=new_id(),
        number=(last or 0) + 1,
        old_public=present(session, keys).public,
        new_public=following.public,
        ratio_public=following.ratio_public,
        begun_at=now,
    )
    session.add(rotation)
    record(session, "identity.rotate", actor=actor.id, now=now, facts=_facts(rotation))
    return rotation


def switch(session: Session, *, actor: Actor, rotation: Rotation, now: datetime) -> Rotation:
    """Let clients use the new key from now on: the log shows it to everyone.

    Conflict while a tag is not moved (`rotation-unmoved`), or a case's proof not verified by a regulator's process.
    """
    require(actor, Action.ROTATE)
    stop_answering(session)
    stop_handles(session)
    rotation = session.get_one(Rotation, rotation.id)
    if rotation.switched_at is not None:
        return rotation
    if unmoved(session):
        raise Conflict("some tags are not moved yet; run it again", code="rotation-unmoved")
    if unverified(session, rotation, of_cases=True):
        raise Conflict("a regulator has not verified all proofs yet", code="rotation-unverified")
    publish(session, [identity(key_id(rotation.new_public), rotation.new_public)], now)
    rotation.switched_at, rotation.act = now, new_id()
    record(
        session,
        "identity.switch",
        actor=actor.id,
        now=now,
        facts=_facts(rotation),
        uid=rotation.act,
        type=LeafType.KEY,
        clear=clear_leaf(rotation.old_public, rotation.new_public),
    )
    return rotation


def clear_leaf(old_public: bytes, new_public: bytes) -> dict[str, str]:
    """What the log shows of a switch, and what clients insist on before they believe in a new key."""
    return {
        "use": "identity-switch",
        "key_id": key_id(new_public),
        "public": base64url.encode(new_public),
        "replaces": base64url.encode(old_public),
    }


def settle_some(session: Session, *, actor: Actor, rotation: Rotation, limit: int, now: datetime) -> int:
    """Replace up to `limit` old handles and seals everywhere they stand; 0 when none is left, and the rotation settled.

    Conflict before the grace is over, or while a regulator's process has not verified every proof.
    """
    require(actor, Action.ROTATE)
    stop_answering(session)
    stop_handles(session)
    rotation = session.get_one(Rotation, rotation.id)
    if rotation.switched_at is None or now < rotation.switched_at + ROTATION_GRACE:
        raise Conflict("the old handles stay until two days after the switch; come back then", code="rotation-grace")
    if unverified(session, rotation):
        raise Conflict("a regulator has not verified all proofs yet", code="rotation-unverified")
    settled = _rename_some(session, limit) or _reseal_some(session, limit)
    if not settled and rotation.settled_at is None:
        rotation.settled_at = now
    facts = {**_facts(rotation), "settled": settled}
    record(session, "identity.settle", actor=ACTOR, now=now, facts=facts)
    return settled


def _rename_some(session: Session, limit: int) -> int:
    renamed = {row.handle: row for row in session.scalars(sa.select(Renamed).limit(limit))}
    for entry in session.scalars(sa.select(Entry).where(Entry.handle.in_(renamed))):
        entry.handle = renamed[entry.handle or b""].handle_next
        places.stir(session, entry)  # a snapshot that is being taken may have looked for the old handle in vain
    for label in session.scalars(sa.select(Label).where(Label.handle.in_(renamed))):  # of every key
        label.handle = renamed[label.handle or b""].handle_next
    for case in session.scalars(sa.select(Case).where(Case.subject_handle.in_(renamed))):
        case.subject_handle = renamed[case.subject_handle or b""].handle_next
    for check in session.scalars(sa.select(Check).where(Check.handle.in_(renamed))):
        check.handle = renamed[check.handle or b""].handle_next
    for canary in session.scalars(sa.select(Canary).where(Canary.handle.in_(renamed))):
        canary.handle = renamed[canary.handle].handle_next
    for row in renamed.values():
        session.delete(row)
    session.flush()
    return len(renamed)


def _reseal_some(session: Session, limit: int) -> int:
    moved = list(session.scalars(sa.select(Moved).limit(limit)))
    for row in moved:
        source = row_of(session, row.source)
        if source is not None and source.sealed_tag is not None:
            source.sealed_tag = row.sealed_next
            for entry in session.scalars(sa.select(Entry).where(Entry.case_id == source.id)):
                entry.sealed_tag = row.sealed_next
        session.delete(row)
    session.flush()
    return len(moved)


def _facts(rotation: Rotation) -> dict[str, object]:
    old, new = (key_id(public) for public in (rotation.old_public, rotation.new_public))
    return {"rotation": rotation.number, "old": old, "new": new}
