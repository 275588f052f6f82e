"""A subject who sends no nonce: a regulator signs that they were silent, and zeros are drawn from.

    typ     silence+jwt
    payload {"iss": the regulator, "aud": the registry, "jti", "iat", "appeal", "case": the draw's name,
             "admission": b64url of the hash of the admission's public leaf}

Without that signature an operator who keeps a nonce back could call the subject silent, and know the nonce that it then
gets. So nobody but the subject or a regulator can let the draw go on. If the regulator is silent too there is no draw:
the time to decide runs on, and when it is over the entry is hidden until a panel has decided (`Effect.SUSPEND`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.appeals import draw, rules
from registry.appeals.actions import key_by
from registry.appeals.models import Appeal, Draw, Silence
from registry.base64url import encode
from registry.cases.actions import key_of, seal, unseal
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict
from registry.signing import jws
from registry.signing.claims import STANDARD, encoded, identifier, verify_claims, verify_times, verify_value

TYP: Final = "silence+jwt"
_RULES: Final = {**STANDARD, "appeal": identifier(32), "case": identifier(24), "admission": encoded(32)}


def attest(session: Session, *, actor: Actor, appeal: Appeal, statement: str, issuer: str, now: datetime) -> Draw:
    """Take the regulator's word for the subject's silence; the same again changes nothing.

    Conflict (`not-silent-yet`) before the subject's time is over, and (`nonce-taken`) once there is a nonce.
    """
    require(actor, Action.SILENCE_ATTEST)
    row = draw.drawable(session, appeal)
    signed = _verified(session, actor, appeal, row, statement, issuer, now)
    if _known(session, appeal, signed):
        return row
    if appeal.admitted_at is None or now < rules.nonce_until(appeal.admitted_at):
        raise Conflict(
            "the subject's time to send a nonce is not over; a regulator signs for their silence after it",
            code="not-silent-yet",
        )
    if row.nonce is not None:
        raise Conflict("there is a nonce; nobody was silent, and the panel is drawn from it", code="nonce-taken")
    silence = Silence(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, account_id=actor.id, kid=signed.kid)
    silence.statement_digest, silence.made_at = signed.digest, now
    key = key_of(session, session.get_one(Case, appeal.case_id))
    silence.sealed_statement = seal(key, silence, "sealed_statement", statement)
    session.add(silence)
    return draw.offer_nonce(session, appeal=appeal, nonce=draw.ZEROS, now=now, actor=actor.id)


def _known(session: Session, appeal: Appeal, signed: jws.Statement) -> bool:
    given = session.scalar(sa.select(Silence).where(Silence.appeal_id == appeal.id))
    return given is not None and given.statement_digest == signed.digest


def _verified(
    session: Session, actor: Actor, appeal: Appeal, row: Draw, statement: str, issuer: str, now: datetime
) -> jws.Statement:
    signed = jws.verify(statement, typ=TYP, key_for=key_by(session, actor, actor.member_id))
    verify_claims(signed.payload, _RULES)
    wanted = {"iss": actor.member_id, "aud": issuer, "appeal": appeal.id, "case": row.name}
    for name, value in {**wanted, "admission": encode(draw.admission_leaf(session, row))}.items():
        verify_value(signed.payload, name, value)
    verify_times(signed.payload, now=now, max_age=rules.SILENCE_SIGNED_WITHIN)
    return signed


def is_signed(session: Session, appeal: Appeal, row: Draw, admission_leaf: bytes) -> bool:
    """Whether a regulator's statement over this very draw stands beside it; its key is verified by the audit."""
    silence = session.scalar(sa.select(Silence).where(Silence.appeal_id == appeal.id))
    if silence is None:
        return False
    key = key_of(session, session.get_one(Case, appeal.case_id))
    said = jws.parse(unseal(key, silence, "sealed_statement"), typ=TYP).payload
    return (said["appeal"], said["case"], said["admission"]) == (appeal.id, row.name, encode(admission_leaf))
