"""A regulator's own process looks at every proof before the switch, and again before the old handles go.

For each proof that nobody has verified:

1. the old key's seals open to tags whose handles the rows have
2. the new seals open to tags whose handles are the next ones
3. the proof fits the old key, the new key and all pairs

The opened tags come from the key holder and need not be believed: a handle fits one tag only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.db import Session, Store
from registry.errors import Conflict
from registry.identity import tags
from registry.keys.holder import Holder
from registry.keys.models import Moved, Proof, Renamed, Rotation
from registry.keys.rotations import stop_handles
from registry.log.actions import record
from registry.rotation.moving import ACTOR, Source, source_of, verify, verify_handle, write


def verify_some(store: Store, holder: Holder, rotation: Rotation, *, actor: Actor, now: datetime) -> int:
    """Verify one proof; returns how many tags it is for, 0 when none is left. Conflict names what does not fit.

    What was erased since it was moved leaves its proof without meaning: the others under it are moved again at once.
    """
    require(actor, Action.ROTATION_VERIFY)
    with store.read() as session:
        proof = session.scalars(_unverified(rotation).order_by(Proof.made_at, Proof.id).limit(1)).first()
        if proof is None:
            return 0
        rows = list(session.scalars(sa.select(Moved).where(Moved.proof_id == proof.id).order_by(Moved.ordinal)))
        sources = [source for row in rows if (source := source_of(session, row.source)) is not None]
    if len(sources) < proof.tags:
        _move_again(store, holder, rotation, proof, sources, now)
        return proof.tags
    before = holder.open_sealed([source.sealed for source in sources])
    after = holder.open_sealed([row.sealed_next for row in rows])
    with store.write() as session:
        for source, old, new in zip(sources, before, after, strict=True):
            verify_handle(session, source, old)  # 1
            _verify_next(session, source, new)  # 2
        verify(rotation, before, after, proof.proof)  # 3
        _note(session, proof.id, actor, now)
    return proof.tags


def unverified(session: Session, rotation: Rotation, *, of_cases: bool = False) -> int:
    """How many proofs nobody has verified; with `of_cases` only those of cases, which the switch waits for."""
    wanted = _unverified(rotation)
    if of_cases:
        wanted = wanted.where(sa.exists().where(Moved.proof_id == Proof.id, Moved.source.startswith("case:")))
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


def _unverified(rotation: Rotation) -> sa.Select[Proof]:
    return sa.select(Proof).where(Proof.rotation_id == rotation.id, Proof.verified_at.is_(None))


def _verify_next(session: Session, source: Source, found: Sequence[bytes]) -> None:
    after = session.scalar(sa.select(Renamed.handle_next).where(Renamed.handle == source.handle))
    if [after] != [tags.handle(session.keyring.pepper, tag) for tag in found]:
        raise Conflict(f"{source.name} has another next handle than its moved tag", code="rotation-handle")


def _note(session: Session, proof_id: str, actor: Actor, now: datetime) -> None:
    proof = session.get_one(Proof, proof_id)
    proof.verified_at, proof.verified_by = now, actor.id
    record(session, "identity.verify", actor=actor.id, now=now, facts={"proof": proof.id, "tags": proof.tags})


def _move_again(
    store: Store, holder: Holder, rotation: Rotation, proof: Proof, sources: Sequence[Source], now: datetime
) -> None:
    """Put a proof of those that are left in place of one that can never be verified; after the switch as well."""
    answer = holder.move_sealed([source.sealed for source in sources]) if sources else None
    if answer is not None:
        verify(rotation, answer.tags, answer.moved, answer.proof)
    with store.write() as session:
        stop_handles(session)
        for row in session.scalars(sa.select(Moved).where(Moved.proof_id == proof.id)):
            session.delete(row)
        session.flush()
        session.delete(session.get_one(Proof, proof.id))
        record(session, "identity.move-again", actor=ACTOR, now=now, facts={"proof": proof.id})
        if answer is not None and not write(session, rotation, sources, answer, now):
            raise Conflict("a tag was erased meanwhile; verify again", code="rotation-again")
