"""Record a mandate, come in with its code, revoke it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from registry.access import Action, Actor
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, NotFound, Unauthenticated
from registry.log.actions import record
from registry.log.swap import swap
from registry.mandates import rules
from registry.mandates.models import Mandate
from registry.mandates.rules import COVERS
from registry.notices import matches
from registry.notices.models import SubjectSession
from registry.notices.rules import SUBJECT_SESSION_LIFE, code_hash, new_code, read_case_number, read_code, written
from registry.reports.prose import verify_prose


@dataclass(frozen=True, slots=True)
class Recorded:
    """A mandate and its code, which is shown this once."""

    mandate: Mandate
    code: str = field(repr=False)


def record_mandate(
    session: Session, *, actor: Actor, number: str, name: str, scope: Iterable[str], until: datetime, now: datetime
) -> Recorded:
    """A verifier or a clerk has seen the subject's signed mandate; the code goes to the representative."""
    case = session.scalar(sa.select(Case).where(Case.number == read_case_number(number)))
    if case is None:
        raise NotFound("there is no case of this number", field="case")
    require_on(session, actor, Action.MANDATE_RECORD, case)
    verify_prose(name, field="name", most=rules.NAME_LENGTH)
    rules.verify_until(until, now=now)
    key, code = key_of(session, case), new_code()
    row = Mandate(id=new_id(), case_id=case.id, scope=[each.value for each in rules.read_scope(scope)], until=until)
    row.sealed_name, row.recorded_by, row.recorded_at = seal(key, row, "sealed_name", name), actor.id, now
    row.code_hash = code_hash(session.keyring.pepper, case_id=case.id, code=code)
    session.add(row)
    facts = {"mandate": row.id, "scope": row.scope}
    record(session, "mandate.record", actor=actor.id, now=now, facts=facts, case=key)
    return Recorded(row, written(code))


def enter(session: Session, *, number: str, code: str, now: datetime) -> str:
    """The token of a session of an hour for the representative; one Forbidden for whatever does not fit.

    A code has 60 random bits and opens nothing but its case, so that wrong ones need no counter.
    """
    row = _by_code(session, number, code, now)
    if row is None:
        raise Forbidden("case number and code do not fit together, or the mandate has ended")
    token, expires = secrets.token_urlsafe(32), min(row.until, now + SUBJECT_SESSION_LIFE)
    session.add(
        SubjectSession(
            id=matches.token_hash(token), case_id=row.case_id, mandate_id=row.id, opened_at=now, expires_at=expires
        )
    )
    case = session.get_one(Case, row.case_id)
    record(session, "mandate.enter", actor=hand(row.id), now=now, facts={"mandate": row.id}, case=key_of(session, case))
    return token


def hand(mandate_id: str) -> str:
    """The actor that a representative is."""
    return f"representative:{mandate_id}"


def require_covered(session: Session, *, mandate_id: str, action: Action, now: datetime) -> None:
    """Unauthenticated once the mandate has ended, Forbidden for what it does not cover."""
    row = session.get(Mandate, mandate_id)
    if row is None or not rules.is_living(until=row.until, revoked_at=row.revoked_at, now=now):
        raise Unauthenticated("your mandate has ended")
    if action not in COVERS or COVERS[action].value not in row.scope:
        raise Forbidden("your mandate does not cover this; the person has to do it themselves", code="not-covered")


def of_case(session: Session, case: Case) -> list[tuple[Mandate, str]]:
    """Every mandate of the case with the representative's name, the newest first."""
    key = key_of(session, case)
    rows = session.scalars(sa.select(Mandate).where(Mandate.case_id == case.id).order_by(Mandate.recorded_at.desc()))
    return [(row, unseal(key, row, "sealed_name")) for row in rows]


def revoke(session: Session, *, case: Case, mandate_id: str, now: datetime) -> Mandate:
    """The subject ends it, for good: whoever came in with it is out."""
    row = session.get(Mandate, mandate_id)
    if row is None or row.case_id != case.id:
        raise NotFound("there is no such mandate in this case", field="mandate")
    if not swap(session, row, Mandate.revoked_at.is_(None), values={"revoked_at": now}):
        raise Conflict("this mandate is revoked already", code="not-allowed-now")
    live = sa.select(SubjectSession).where(SubjectSession.mandate_id == row.id, SubjectSession.expires_at > now)
    for opened in session.scalars(live).all():
        opened.expires_at = now
    facts = {"mandate": row.id}
    record(session, "mandate.revoke", actor=f"subject:{case.id}", now=now, facts=facts, case=key_of(session, case))
    return row


def _by_code(session: Session, number: str, code: str, now: datetime) -> Mandate | None:
    case = session.scalar(sa.select(Case).where(Case.number == read_case_number(number), Case.wrapped_key.is_not(None)))
    case_id = case.id if case else ""
    wanted = code_hash(session.keyring.pepper, case_id=case_id, code=read_code(code) or "")
    for row in session.scalars(sa.select(Mandate).where(Mandate.case_id == case_id, Mandate.until > now)).all():
        if row.revoked_at is None and hmac.compare_digest(row.code_hash, wanted):
            return row
    return None
