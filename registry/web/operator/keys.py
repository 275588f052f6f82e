"""`/operator/keys`: which keys the registry uses, and how far a change of the identity key is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import render_template

from registry.access import Action, needs
from registry.db import Session
from registry.errors import Unavailable
from registry.keys.holder import key_id
from registry.keys.models import Moved, Proof, Rotation
from registry.keys.rotations import present
from registry.running import Running
from registry.signing.keys import thumbprint
from registry.web.context import running
from registry.web.operator.blueprint import bp


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One change of the identity key, and its proofs."""

    rotation: Rotation
    old: str
    new: str
    moved: int
    proofs: int
    verified: int


@bp.get("/operator/keys")
@needs(Action.SERVICE_READ)
def keys() -> str:
    run = running()
    with run.store.read() as session:
        return render_template(
            "operator/keys.html",
            identity=_identity(run, session),
            receipt=thumbprint(run.secrets.receipt_key.public_key()),
            log=run.policy.log.vkey,
            ceremonies=_ceremonies(session),
        )


def _identity(run: Running, session: Session) -> str | None:
    """The id of the identity key; None while the key holder is away."""
    try:
        return present(session, run.holder.public()).key_id
    except Unavailable:
        return None


def _ceremonies(session: Session) -> Sequence[Ceremony]:
    rotations = session.scalars(sa.select(Rotation).order_by(Rotation.number.desc())).all()
    return [_ceremony(session, rotation) for rotation in rotations]


def _ceremony(session: Session, rotation: Rotation) -> Ceremony:
    proofs = session.scalars(sa.select(Proof).where(Proof.rotation_id == rotation.id)).all()
    of_these = Moved.proof_id.in_([proof.id for proof in proofs])
    return Ceremony(
        rotation=rotation,
        old=key_id(rotation.old_public),
        new=key_id(rotation.new_public),
        moved=session.scalar(sa.select(sa.func.count()).select_from(Moved).where(of_these)) or 0,
        proofs=len(proofs),
        verified=sum(proof.verified_at is not None for proof in proofs),
    )
