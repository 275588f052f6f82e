"""File, countersign, screen, withdraw, void. Service is in `serving`, evidence in `exhibits`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, require
from registry.cases.actions import key_of, open_case, seal, unseal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, Invalid
from registry.identity import tags
from registry.keys.queries import valid_key
from registry.keys.rotations import handle_of
from registry.log.actions import CaseKey, record
from registry.members.models import Kind, Member
from registry.notices import letters
from registry.notices.actions import cancel_drafts
from registry.reports import evidence, queries, rules, serving, statement
from registry.reports.exhibits import bind
from registry.reports.models import Countersignature, Report, Screening
from registry.reports.prose import verify_no_number, verify_prose
from registry.reports.queries import Contact
from registry.reports.rules import NEXT, Ground, Verb, Verdict
from registry.reports.statement import Accusation
from registry.signing import jws

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,24}")


@dataclass(frozen=True, slots=True)
class Filed:
    """A report and whether this call made it; a replay finds what the first one made."""

    report: Report
    case: Case
    is_new: bool


def file(
    session: Session,
    *,
    actor: Actor,
    token: str,
    contact: Mapping[str, object],
    issuer: str,
    sealing_public: bytes,
    now: datetime,
) -> Filed:
    """Open a case with the report in `token` (JWS, typ `report+jwt`), signed by the actor's own key.

    `contact` is {name, address, phone or absent, language}; `sealing_public` the key holder's X25519 key. The same
    payload again, under whatever signature, gives the same report. Raises Invalid that names the claim, Conflict
    (code `jti-used`) for another statement under a used jti, Forbidden (code `key-not-yours`) for a colleague's key.
    """
    require(actor, Action.REPORT_FILE, member_id=actor.member_id)
    signed = _signed(session, actor, token, typ=statement.REPORT)
    accusation = statement.read(signed.payload, member_id=actor.member_id, issuer=issuer)
    if (before := _replayed(session, actor.member_id, signed, accusation.jti)) is not None:
        return Filed(before, session.get_one(Case, before.case_id), is_new=False)
    statement.verify_timely(accusation, signed.payload, now=now)
    reach = read_contact(contact)
    case, key = open_case(
        session,
        member_id=actor.member_id,
        subject_handle=handle_of(session, accusation.tag),
        sealed_tag=tags.seal_tag(sealing_public, accusation.tag),
        now=now,
    )
    report = _row(session, actor, case, accusation, signed, now)
    report.sealed_statement = seal(key, report, "sealed_statement", token)
    report.sealed_contact = seal(key, report, "sealed_contact", json.dumps(asdict(reach)))
    begin(session, report, NEXT, Verb.FILE, actor=actor.id, now=now)
    bind(session, member_id=actor.member_id, digests=accusation.exhibits, annexes=accusation.annexes, key=key)
    facts = {"report": report.id, "offence": report.offence, "level": report.level, "kid": signed.kid}
    record(session, "report.file", actor=actor.id, now=now, facts=facts, case=key)
    return Filed(report, case, is_new=True)


def read_contact(contact: Mapping[str, object]) -> Contact:
    """Where to reach the subject; Invalid names the field."""
    if contact.keys() - {"name", "address", "phone", "language"}:
        raise Invalid("contact may only have name, address, phone and language", field="contact")
    phone, language = contact.get("phone"), contact.get("language")
    if phone is not None and not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
        raise Invalid("contact.phone must be 5 to 25 digits, or be left out", field="contact.phone")
    if isinstance(phone, str):
        verify_no_number(phone, field="contact.phone")
    if not isinstance(language, str) or language not in letters.LANGUAGES:
        raise Invalid(f"contact.language must be {' or '.join(letters.LANGUAGES)}", field="contact.language")
    return Contact(
        name=verify_prose(contact.get("name"), field="contact.name", most=80),
        address=verify_prose(contact.get("address"), field="contact.address", most=300),
        phone=phone if isinstance(phone, str) else None,
        language=language,
    )


def countersign(session: Session, *, actor: Actor, report_id: str, token: str, issuer: str, now: datetime) -> Report:
    """The second person confirms the report in `token` (JWS, typ `countersignature+jwt`) with a key of their own.

    The same countersignature again changes nothing. Raises Forbidden (code `two-people`) for whoever filed it, and
    Conflict with code `report-differs` or, when the number that was entered again gives another tag, `number-differs`.
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_COUNTERSIGN)
    signed = _signed(session, actor, token, typ=statement.COUNTERSIGNATURE)
    if _is_countersigned_by(session, report, signed.digest):
        return report
    said = statement.read_countersignature(signed.payload, member_id=actor.member_id, issuer=issuer, now=now)
    _verify_second_person(actor, report)
    case, key = queries.case_of(session, report)
    _verify_same(session, report, case, said)
    countersignature = Countersignature(
        id=new_id(),
        case_id=case.id,
        report_id=report.id,
        statement_digest=signed.digest,
        account_id=actor.id,
        kid=signed.kid,
        at=now,
    )
    countersignature.sealed_statement = seal(key, countersignature, "sealed_statement", token)
    advance(session, report, NEXT, Verb.COUNTERSIGN, actor=actor.id, now=now, countersigned_by=actor.id)
    session.add(countersignature)
    facts = {"report": report.id, "kid": signed.kid}
    record(session, "report.countersign", actor=actor.id, now=now, facts=facts, case=key)
    return report


def screen(
    session: Session,
    *,
    actor: Actor,
    report_id: str,
    verdict: Verdict,
    ground: Ground | None,
    reasons: str,
    issuer: str,
    now: datetime,
) -> Report:
    """A neutral screener lets the report through to its subject, or refuses it on one ground of the closed list.

    Accepting drafts the first letter. Raises Forbidden for a carrier's people and whoever has to do with the member.
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_SCREEN)
    if session.get_one(Member, actor.member_id).kind is Kind.CARRIER:
        raise Forbidden("a carrier may not screen; the roster's other members do")
    if (ground is None) != (verdict is Verdict.ACCEPT):
        raise Invalid("ground must be given to refuse, and left out to accept", field="ground")
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    case, key = queries.case_of(session, report)
    verb = Verb.SCREEN if verdict is Verdict.ACCEPT else Verb.REFUSE
    advance(session, report, NEXT, verb, actor=actor.id, now=now)
    session.add(_screening(report, key, verdict, ground, reasons, actor, now))
    if verdict is Verdict.ACCEPT:
        serving.draft_accusation(session, report=report, case=case, key=key, issuer=issuer, actor=actor.id, now=now)
    serving.tell_member(session, report, now)
    facts = {"report": report.id, "verdict": verdict.value, "ground": ground.value if ground else None}
    record(session, "report.screen", actor=actor.id, now=now, facts=facts, case=key)
    return report


def withdraw(session: Session, *, actor: Actor, report_id: str, reason: str, now: datetime) -> Report:
    """The member takes its report back before it is listed. Hiding takes one person, and no countersignature."""
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_FILE)
    verify_prose(reason, field="reason", most=policy.REASONS_LENGTH)
    return _end(session, report, Verb.WITHDRAW, "report.withdraw", actor_id=actor.id, reason=reason, now=now)


def void(session: Session, *, report: Report, actor_id: str, reason: str, now: datetime) -> Report:
    """End a report by a decision or an order. Only those who carry one out call this; they have guarded it.

    A report that is listed is voided through its entry (`entries.actions.void`), which calls this.
    """
    return _end(session, report, Verb.VOID, "report.void", actor_id=actor_id, reason=reason, now=now)


def open_report(session: Session, *, actor: Actor, report_id: str, now: datetime) -> tuple[Report, dict[str, object]]:
    """The report and its words, without the tag; each opening is logged."""
    report = queries.readable(session, actor=actor, report_id=report_id)
    return report, _words(session, report, actor.id, now)


def open_as_subject(session: Session, *, case_id: str, now: datetime) -> tuple[Report, dict[str, object]]:
    """The same for the accused. Only for whoever has matched the case (`notices.matches`)."""
    report = queries.of_case(session, case_id)
    return report, evidence.for_subject(_words(session, report, f"subject:{case_id}", now))


def _words(session: Session, report: Report, actor: str, now: datetime) -> dict[str, object]:
    _, key = queries.case_of(session, report)
    words = queries.words_of(report, key)
    record(session, "report.read", actor=actor, now=now, facts={"report": report.id}, case=key)
    return words


def screening_reasons(session: Session, report: Report) -> str | None:
    """Why the screener decided so; None while nobody has."""
    screening = queries.screening_of(session, report)
    return unseal(queries.case_of(session, report)[1], screening, "sealed_reasons") if screening else None


def _signed(session: Session, actor: Actor, token: str, *, typ: str) -> jws.Statement:
    """The statement in `token`, by the actor's own hand: two people are two keys."""
    signed = jws.verify(token, typ=typ, key_for=lambda kid: valid_key(session, kid, actor.member_id)[0])
    _, account_id = valid_key(session, signed.kid, actor.member_id)
    if account_id != actor.id:
        raise Forbidden("sign with your own key; this one is somebody else's", field="kid", code="key-not-yours")
    return signed


def _replayed(session: Session, member_id: str, signed: jws.Statement, jti: str) -> Report | None:
    named = session.keyring.alias("report", jti)
    report = session.scalar(sa.select(Report).where(Report.member_id == member_id, Report.jti == named))
    if report is not None and report.statement_digest != signed.digest:
        raise Conflict(
            "jti was used for another statement; give this one a jti of its own", field="jti", code="jti-used"
        )
    return report


def _row(
    session: Session, actor: Actor, case: Case, accusation: Accusation, signed: jws.Statement, now: datetime
) -> Report:
    return Report(
        id=new_id(),
        case_id=case.id,
        member_id=actor.member_id,
        jti=session.keyring.alias("report", accusation.jti),
        statement_digest=signed.digest,
        offence=accusation.offence,
        offence_version=accusation.offence_version,
        staff=accusation.staff,
        impersonation=accusation.impersonation,
        level=statement.level(accusation).level,
        basis=accusation.basis,
        term_days=accusation.term_days,
        late=rules.is_late(accusation.found_on, now),
        filed_by=actor.id,
        kid=signed.kid,
        filed_at=now,
    )


def _is_countersigned_by(session: Session, report: Report, digest: bytes) -> bool:
    done = session.scalar(sa.select(Countersignature).where(Countersignature.report_id == report.id))
    return done is not None and done.statement_digest == digest


def _verify_second_person(actor: Actor, report: Report) -> None:
    if actor.id == report.filed_by:
        raise Forbidden("a second person must countersign; you filed this report", code="two-people")


def _verify_same(session: Session, report: Report, case: Case, said: statement.Countersigned) -> None:
    if said.report != report.statement_digest:
        raise Conflict(
            "report is the digest of another statement; read the report again", field="report", code="report-differs"
        )
    if handle_of(session, said.tag) != case.subject_handle:
        raise Conflict(
            "the number that was entered again is another one than in the report; read the document once more",
            field="sub",
            code="number-differs",
        )


def _screening(
    report: Report, key: CaseKey, verdict: Verdict, ground: Ground | None, reasons: str, actor: Actor, now: datetime
) -> Screening:
    screening = Screening(
        id=new_id(),
        case_id=report.case_id,
        report_id=report.id,
        verdict=verdict,
        ground=ground,
        account_id=actor.id,
        at=now,
    )
    screening.sealed_reasons = seal(key, screening, "sealed_reasons", reasons)
    return screening


def _end(
    session: Session, report: Report, verb: Verb, act: str, *, actor_id: str, reason: str, now: datetime
) -> Report:
    key = key_of(session, session.get_one(Case, report.case_id))
    advance(session, report, NEXT, verb, actor=actor_id, now=now)
    cancel_drafts(session, case_id=report.case_id, actor=actor_id, now=now)
    serving.tell_member(session, report, now)
    record(session, act, actor=actor_id, now=now, facts={"report": report.id, "reason": reason}, case=key)
    return report
