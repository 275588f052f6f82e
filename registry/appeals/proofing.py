"""Proofing: a verifier confirms, by signature, that the person of a case is who they say.

    typ     attestation+jwt
    payload {"iss": the verifier, "aud": the registry, "jti", "iat", "exp", "sub": the tag, "case": the case number}

The verifier blinds the number from the document before them, as a member does for a check. `exp` bounds how long the
statement may be on its way; once taken it holds for the whole case.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor
from registry.appeals import queries
from registry.appeals.actions import key_by
from registry.appeals.models import Attestation
from registry.appeals.rules import NEXT, State, Verb
from registry.cases.actions import key_of, require_on, seal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.errors import Conflict, Invalid, NotFound
from registry.identity import tags
from registry.keys.rotations import handle_of
from registry.log.actions import record
from registry.signing import jws
from registry.signing.claims import (
    SECONDS,
    STANDARD,
    encoded,
    identifier,
    verify_claims,
    verify_times,
    verify_value,
)

TYP: Final = "attestation+jwt"
SIGNED_WITHIN: Final = timedelta(days=1)
_RULES: Final = {**STANDARD, "exp": SECONDS, "sub": encoded(32), "case": identifier(16)}


def attest(session: Session, *, actor: Actor, number: str, attestation: str, issuer: str, now: datetime) -> Attestation:
    """Take a verifier's attestation for the case of this number; an appeal that waits for it moves on.

    NotFound for an unknown case, Conflict (`identity-differs`) when the person before the verifier is another: then
    nothing changes. The same statement again gives the same attestation.
    """
    case = case_by_number(session, actor=actor, number=number)
    signed = _verified(session, actor, case, attestation, issuer, now)
    if (known := _known(session, actor, signed)) is not None:
        return known
    row = _attestation(session, actor, case, signed, attestation, now)
    appeal = queries.latest(session, case.id)
    if appeal is not None and appeal.state is State.LODGED:
        advance(session, appeal, NEXT, Verb.PROOF, actor=actor.id, now=now, proofed_at=now, began_at=now)
    facts = {"attestation": row.id, "kid": row.kid}
    record(session, "case.attest", actor=actor.id, now=now, facts=facts, case=key_of(session, case))
    return row


def case_by_number(session: Session, *, actor: Actor, number: str) -> Case:
    """The case whose person this verifier may confirm; NotFound, or Forbidden."""
    case = session.scalar(sa.select(Case).where(Case.number == number))
    if case is None or case.subject_handle is None:
        raise NotFound("there is no case of this number", field="case")
    require_on(session, actor, Action.CASE_ATTEST, case)
    return case


def verify_person(session: Session, case: Case, sub: str) -> None:
    """Conflict (`identity-differs`) unless this tag, in base64url, is of the person of the case."""
    tag = base64url.decode(sub, field="sub", size=tags.TAG_SIZE)
    try:
        handle = handle_of(session, tag)
    except Invalid:
        raise Invalid("sub must be a tag: the unblinded element of an evaluation", field="sub") from None
    if not hmac.compare_digest(handle, case.subject_handle or b""):
        raise Conflict("this is not the person of the case; nothing was changed", field="sub", code="identity-differs")


def _verified(
    session: Session, actor: Actor, case: Case, attestation: str, issuer: str, now: datetime
) -> jws.Statement:
    signed = jws.verify(attestation, typ=TYP, key_for=key_by(session, actor, actor.member_id))
    verify_claims(signed.payload, _RULES)
    for name, wanted in (("iss", actor.member_id), ("aud", issuer), ("case", case.number)):
        verify_value(signed.payload, name, wanted)
    verify_times(signed.payload, now=now, max_age=SIGNED_WITHIN)
    return signed


def _known(session: Session, actor: Actor, signed: jws.Statement) -> Attestation | None:
    row = session.scalar(
        sa.select(Attestation).where(
            Attestation.member_id == actor.member_id, Attestation.jti == _alias(session, signed)
        )
    )
    if row is not None and row.statement_digest != signed.digest:
        raise Conflict("jti was used for another attestation; give each its own", field="jti")
    return row


def _alias(session: Session, signed: jws.Statement) -> str:
    return session.keyring.alias("attestation", signed.payload["jti"])


def _attestation(
    session: Session, actor: Actor, case: Case, signed: jws.Statement, attestation: str, now: datetime
) -> Attestation:
    verify_person(session, case, signed.payload["sub"])
    row = Attestation(id=new_id(), case_id=case.id, member_id=actor.member_id, account_id=actor.id, kid=signed.kid)
    row.jti, row.statement_digest, row.made_at = _alias(session, signed), signed.digest, now
    row.sealed_statement = seal(key_of(session, case), row, "sealed_statement", attestation)
    session.add(row)
    return row
