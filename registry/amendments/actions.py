"""Sign an amendment, confirm it as the second person, let it lapse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from registry import base64url
from registry.access import Action, Actor
from registry.amendments import effects, queries, rules
from registry.amendments.models import Amendment, AmendmentConfirmation
from registry.amendments.queries import Told
from registry.amendments.rules import NEXT, Amended, Kind, State, Verb
from registry.appeals.effects import CONTESTABLE, ENDED
from registry.cases.actions import hold, key_of, seal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.entries.queries import of_case, shown
from registry.errors import Conflict, Forbidden, Invalid
from registry.log.actions import CaseKey, record
from registry.members.models import Kind as MemberKind
from registry.members.models import Member
from registry.notices import actions as notices
from registry.notices import letters
from registry.policy import CONFIRMED_WITHIN
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import queries as reports
from registry.reports import rules as report_rules
from registry.reports.hands import by_own_hand
from registry.reports.models import Report
from registry.reports.prose import verify_no_numbers
from registry.signing import jws
from registry.signing.claims import verify_value

CLOCK: Final = "system:amendments"


def sign(session: Session, *, actor: Actor, report_id: str, token: str, issuer: str, now: datetime) -> Amendment:
    """Take the amendment in `token` (JWS, typ `amendment+jwt`), signed by the actor's own key.

    It waits for a second person; what takes the entry back hides it meanwhile. The same statement again gives the same
    amendment. Raises Conflict when the report cannot be amended now, Invalid (code `needs-new-report`) for what tells
    against the accused person.
    """
    report = reports.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_AMEND)
    signed = by_own_hand(session, actor, token, typ=rules.AMENDMENT)
    if (known := _known(session, actor, signed)) is not None:
        return known
    case, key = reports.case_of(session, report)
    hold(session, case.id)
    said = _verified(session, actor, signed.payload, case, report, issuer, now)
    row = _row(session, report, key, signed, token, said.kind, actor, now)
    hidden = entries.hide_until(session, case, rules.confirm_by(now), now) if said.kind is Kind.VOID else None
    _tell(session, row, "amendment.signed", now)
    facts = {"amendment": row.id, "kind": row.kind.value, "kid": row.kid}
    record(session, "amendment.sign", actor=actor.id, now=now, facts=facts, case=key)
    if hidden is not None:
        issue(session, hidden, Reason.SUSPENDED, now)
    return row


def verify(
    session: Session, *, actor: Actor, report_id: str, payload: Mapping[str, Any], issuer: str, now: datetime
) -> Report:
    """Raise what `sign` would raise for these words, before anybody signs them; the report that they amend."""
    report = reports.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_AMEND)
    _verified(session, actor, payload, reports.case_of(session, report)[0], report, issuer, now)
    return report


def confirm(session: Session, *, actor: Actor, amendment_id: str, token: str, issuer: str, now: datetime) -> Amendment:
    """The second person signs the digest of the same words (JWS, typ `amendment-confirmation+jwt`): it takes effect.

    Raises Forbidden (code `two-people`) for whoever signed first, Conflict once 72 hours are over, or when what it
    would change has changed meanwhile.
    """
    row = queries.guarded(session, actor=actor, amendment_id=amendment_id, action=Action.AMENDMENT_CONFIRM)
    signed = by_own_hand(session, actor, token, typ=rules.CONFIRMATION)
    if _is_confirmed_by(session, row, signed.digest):
        return row
    digest = base64url.encode(row.statement_digest)
    rules.read_confirmation(signed.payload, member_id=actor.member_id, issuer=issuer, digest=digest, now=now)
    if actor.id == row.account_id:
        raise Forbidden("a second person must confirm; you signed this amendment", code="two-people")
    if row.state is State.SIGNED and now >= rules.confirm_by(row.signed_at):
        raise Conflict(
            "the time to confirm this amendment is over; sign it again, and let a second person of your member "
            "confirm it in time",
            code="too-late",
        )
    hold(session, row.case_id)
    report = reports.get(session, row.report_id)
    case, key = reports.case_of(session, report)
    said = _read_again(session, row, key, case, report)
    advance(session, row, NEXT, Verb.CONFIRM, actor=actor.id, now=now)
    _keep(session, row, key, signed, token, actor, now)
    effects.take(session, row, said, case, report, by=CLOCK, now=now)
    _write_to_subject(session, report, said, case, key, actor, issuer, now)
    _tell(session, row, "amendment.in-force", now)
    facts = {"amendment": row.id, "kid": signed.kid}
    record(session, "amendment.confirm", actor=actor.id, now=now, facts=facts, case=key)
    return row


def open_all(session: Session, *, actor: Actor, report_id: str, now: datetime) -> list[Told]:
    """Every amendment of a report with its words, for those on the case; each opening is logged."""
    report = reports.readable(session, actor=actor, report_id=report_id)
    _, key = reports.case_of(session, report)
    told = queries.of_case(session, key)
    record(session, "amendment.read", actor=actor.id, now=now, facts={"report": report.id}, case=key)
    return told


def lapse_due(session: Session, now: datetime, limit: int = 50) -> list[Amendment]:
    """Amendments that nobody confirmed lapse; whoever sees an entry again is told."""
    late = sa.select(Amendment).where(Amendment.state == State.SIGNED, Amendment.signed_at <= now - CONFIRMED_WITHIN)
    due = list(session.scalars(late.order_by(Amendment.signed_at, Amendment.id).limit(limit)))
    for row in due:
        _lapse(session, row, now)
    return due


def _lapse(session: Session, row: Amendment, now: datetime) -> None:
    case = session.get_one(Case, row.case_id)
    key = key_of(session, case) if case.wrapped_key is not None else None
    advance(session, row, NEXT, Verb.LAPSE, actor=CLOCK, now=now)
    _tell(session, row, "amendment.lapsed", now)
    record(session, "amendment.lapse", actor=CLOCK, now=now, facts={"amendment": row.id}, case=key)
    entry = of_case(session, row.case_id)
    if row.kind is Kind.VOID and entry is not None and shown(entry, now):
        issue(session, entry, Reason.LISTED, now)


def _verified(
    session: Session, actor: Actor, payload: Mapping[str, Any], case: Case, report: Report, issuer: str, now: datetime
) -> Amended:
    """The words, if the actor can say them of the report as it stands."""
    said = rules.read(payload, member_id=actor.member_id, issuer=issuer, now=now)
    verify_no_numbers({name: payload[name] for name in ("what", "why", "proceeding") if name in payload})
    verify_value(payload, "report", report.id)
    if said.digest != base64url.encode(report.statement_digest):
        raise Conflict("digest is of another report; read it again", field="digest", code="report-differs")
    _verify_standing(session, said, case, report)
    if queries.waiting(session, case.id, said.kind):
        raise Conflict(
            "a {kind} of this report waits for its second signature; confirm it, or let it lapse",
            code="amendment-waiting",
            kind=said.kind.value,
        )
    if said.kind is Kind.VOID and queries.has_lapsed(session, case.id, Kind.VOID, actor.id):
        raise Forbidden(
            "nobody confirmed what you signed before; let another reporter of your member sign it", code="two-people"
        )
    return said


def _verify_standing(session: Session, said: Amended, case: Case, report: Report) -> None:
    entry = of_case(session, case.id)
    if report.state in (report_rules.State.FILED, report_rules.State.COUNTERSIGNED):
        raise Conflict("nobody has screened this report; send a new version of it instead", code="not-allowed-now")
    if report.state not in CONTESTABLE or (entry is not None and entry.state in ENDED):
        raise Conflict("this report has ended; nothing of it is amended any more", code="not-allowed-now")
    if said.kind is Kind.VOID and entry is None:
        raise Conflict("nothing is listed yet; withdraw the report instead", code="not-allowed-now")
    _verify_favourable(said, report, entry)
    if said.settles is not None and said.settles not in {row.id for row in queries.contests(session, case.id)}:
        raise Invalid("settles must be the id of an open contest of this report", field="settles")


def _verify_favourable(said: Amended, report: Report, entry: Entry | None) -> None:
    if entry is None:
        level, basis, term = report.level, report.basis, report.term_days
    else:
        level, basis = entry.level, entry.basis
        term = (entry.until - entry.listed_at).days if entry.until is not None else None
    rules.verify_favourable(said.changes, level=level, basis=basis, term_days=term)


def _read_again(session: Session, row: Amendment, key: CaseKey, case: Case, report: Report) -> Amended:
    """What was signed, as it must still be possible; an appeal may have been decided meanwhile."""
    said = rules.decode(queries.words_of(row, key))
    if row.state is State.SIGNED:
        _verify_standing(session, said, case, report)
    return said


def _row(
    session: Session,
    report: Report,
    key: CaseKey,
    signed: jws.Statement,
    token: str,
    kind: Kind,
    actor: Actor,
    now: datetime,
) -> Amendment:
    row = Amendment(id=new_id(), case_id=report.case_id, report_id=report.id, member_id=report.member_id, kind=kind)
    row.account_id, row.kid, row.jti, row.signed_at = actor.id, signed.kid, _alias(session, signed), now
    row.statement_digest, row.sealed_statement = signed.digest, seal(key, row, "sealed_statement", token)
    begin(session, row, NEXT, Verb.SIGN, actor=actor.id, now=now)
    return row


def _keep(
    session: Session, row: Amendment, key: CaseKey, signed: jws.Statement, token: str, actor: Actor, now: datetime
) -> None:
    second = AmendmentConfirmation(id=new_id(), case_id=row.case_id, amendment_id=row.id, account_id=actor.id)
    second.kid, second.statement_digest, second.confirmed_at = signed.kid, signed.digest, now
    second.sealed_statement = seal(key, second, "sealed_statement", token)
    session.add(second)


def _is_confirmed_by(session: Session, row: Amendment, digest: bytes) -> bool:
    done = sa.select(AmendmentConfirmation.statement_digest).where(AmendmentConfirmation.amendment_id == row.id)
    return session.scalar(done) == digest


def _known(session: Session, actor: Actor, signed: jws.Statement) -> Amendment | None:
    named = sa.select(Amendment).where(Amendment.member_id == actor.member_id, Amendment.jti == _alias(session, signed))
    row = session.scalar(named)
    if row is not None and row.statement_digest != signed.digest:
        raise Conflict("jti was used for another amendment; give each its own", field="jti", code="jti-used")
    return row


def _alias(session: Session, signed: jws.Statement) -> str:
    return session.keyring.alias("amendment", str(signed.payload.get("jti")))


def _write_to_subject(
    session: Session,
    report: Report,
    said: Amended,
    case: Case,
    key: CaseKey,
    actor: Actor,
    issuer: str,
    now: datetime,
) -> None:
    """A letter for the print queue, with a fresh code."""
    contact = reports.contact_of(report, key)
    facts = letters.Amendment(
        case_number=case.number,
        language=contact.language,
        name=contact.name,
        address=contact.address,
        member=session.get_one(Member, report.member_id).name,
        site=issuer,
        written_on=now.date(),
        kind=said.kind.value,
        what=said.what,
        why=said.why,
        until=report.window_closes_at.date() if _is_open(report, now) and report.window_closes_at else None,
    )
    notices.draft(
        session, case=case, key=key, write=lambda code: letters.amendment(facts, code), actor=actor.id, now=now
    )


def _is_open(report: Report, now: datetime) -> bool:
    closes = report.window_closes_at
    return report.state is report_rules.State.NOTICED and closes is not None and now < closes


def _tell(session: Session, row: Amendment, kind: str, now: datetime) -> None:
    """The member's own people, and the regulators."""
    regulators = session.scalars(sa.select(Member.id).where(Member.kind == MemberKind.REGULATOR).order_by(Member.id))
    for member_id in (row.member_id, *regulators):
        payload = {"type": kind, "id": row.id}
        notices.send(session, channel="webhook", member_id=member_id, kind=kind, payload=payload, now=now)
