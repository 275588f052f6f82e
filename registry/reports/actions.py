"""File, countersign, withdraw, void. Edits are in `versions`, screening in `screening`, service in `serving`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, require
from registry.cases.actions import key_of, open_case, seal
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden
from registry.identity import tags
from registry.keys.rotations import handle_of, verify_signed_since
from registry.log.actions import record
from registry.notices.actions import cancel_drafts
from registry.reports import evidence, queries, rules, serving, statement, versions
from registry.reports.contact import read_contact
from registry.reports.exhibits import bind
from registry.reports.hands import by_own_hand
from registry.reports.models import Countersignature, Report, ReportVersion
from registry.reports.prose import verify_prose
from registry.reports.restraint import require_may_file
from registry.reports.rules import NEXT, Verb
from registry.reports.statement import Accusation
from registry.restraints.actions import require_not_suspended


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
    payload again, under whatever signature, gives the same report. Raises Invalid that names the claim (code
    `tag-outdated` for one from before a change of the identity key), Conflict (code `jti-used`) for another statement
    under a used jti, Forbidden (code `key-not-yours`) for a colleague's key.
    """
    require(actor, Action.REPORT_FILE, member_id=actor.member_id)
    signed = by_own_hand(session, actor, token, typ=statement.REPORT)
    accusation = statement.read(signed.payload, member_id=actor.member_id, issuer=issuer)
    if (before := versions.replayed(session, actor.member_id, signed, accusation.jti)) is not None:
        return Filed(before, session.get_one(Case, before.case_id), is_new=False)
    require_may_file(session, actor.member_id, now)
    statement.verify_timely(accusation, signed.payload, now=now)
    verify_signed_since(session, signed.payload["iat"])
    reach = read_contact(contact)
    case, key = open_case(
        session,
        member_id=actor.member_id,
        subject_handle=handle_of(session, accusation.tag),
        sealed_tag=tags.seal_tag(sealing_public, accusation.tag),
        now=now,
    )
    report = _row(actor, case, accusation, now)
    versions.write(session, report, key, signed, accusation, reach, actor_id=actor.id)
    begin(session, report, NEXT, Verb.FILE, actor=actor.id, now=now)
    versions.keep(session, report, key, signed, token, jti=accusation.jti, actor_id=actor.id, now=now)
    bind(session, member_id=actor.member_id, digests=accusation.exhibits, annexes=accusation.annexes, key=key)
    facts = {"report": report.id, "offence": report.offence, "level": report.level, "kid": signed.kid}
    record(session, "report.file", actor=actor.id, now=now, facts=facts, case=key)
    return Filed(report, case, is_new=True)


def countersign(session: Session, *, actor: Actor, report_id: str, token: str, issuer: str, now: datetime) -> Report:
    """The second person confirms the report in `token` (JWS, typ `countersignature+jwt`) with a key of their own.

    The same countersignature again changes nothing. Raises Forbidden (code `two-people`) for whoever filed it, and
    Conflict with code `report-differs` or, when the number that was entered again gives another tag, `number-differs`.
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_COUNTERSIGN)
    signed = by_own_hand(session, actor, token, typ=statement.COUNTERSIGNATURE)
    version = versions.present(session, report)
    if _is_countersigned_by(session, version, signed.digest):
        return report
    require_not_suspended(session, actor.member_id)
    said = statement.read_countersignature(signed.payload, member_id=actor.member_id, issuer=issuer, now=now)
    _verify_second_person(session, actor, report)
    case, key = queries.case_of(session, report)
    _verify_same(session, report, case, said)
    countersignature = Countersignature(
        id=new_id(),
        case_id=case.id,
        report_id=report.id,
        version_id=version.id,
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


def withdraw(session: Session, *, actor: Actor, report_id: str, reason: str, now: datetime) -> Report:
    """The member takes its report back before it is listed. Hiding takes one person, and no countersignature."""
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_FILE)
    verify_prose(reason, field="reason", most=policy.REASONS_LENGTH)
    key = key_of(session, session.get_one(Case, report.case_id))
    sealed = seal(key, report, "sealed_reason", reason)
    advance(session, report, NEXT, Verb.WITHDRAW, actor=actor.id, now=now, sealed_reason=sealed)
    _wind_up(session, report, actor.id, now)
    record(session, "report.withdraw", actor=actor.id, now=now, facts={"report": report.id}, case=key)
    return report


def void(session: Session, *, report: Report, actor_id: str, reason: str, now: datetime) -> Report:
    """End a report by a decision or an order, which `reason` names. Only those who carry one out call this.

    They have guarded it. A report that is listed is voided through its entry (`entries.actions.void`).
    """
    key = key_of(session, session.get_one(Case, report.case_id))
    advance(session, report, NEXT, Verb.VOID, actor=actor_id, now=now)
    _wind_up(session, report, actor_id, now)
    facts = {"report": report.id, "reason": reason}
    record(session, "report.void", actor=actor_id, now=now, facts=facts, case=key)
    return report


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


def _row(actor: Actor, case: Case, accusation: Accusation, now: datetime) -> Report:
    late = rules.is_late(accusation.found_on, now)
    return Report(id=new_id(), case_id=case.id, member_id=actor.member_id, late=late, filed_at=now)


def _is_countersigned_by(session: Session, version: ReportVersion, digest: bytes) -> bool:
    done = session.scalar(sa.select(Countersignature).where(Countersignature.version_id == version.id))
    return done is not None and done.statement_digest == digest


def _verify_second_person(session: Session, actor: Actor, report: Report) -> None:
    """Whoever signed any version of it has a hand in it."""
    if actor.id in versions.hands(session, report):
        raise Forbidden("a second person must countersign; you signed this report", code="two-people")


def _verify_same(session: Session, report: Report, case: Case, said: statement.Countersigned) -> None:
    if said.report != report.statement_digest:
        raise Conflict(
            "report is the digest of another statement; read the report again", field="report", code="report-differs"
        )
    if handle_of(session, said.tag) != case.subject_handle:
        verify_signed_since(session, said.issued)
        raise Conflict(
            "the number that was entered again is another one than in the report; read the document once more",
            field="sub",
            code="number-differs",
        )


def _wind_up(session: Session, report: Report, actor_id: str, now: datetime) -> None:
    """No letter of it goes out any more; its member hears. The caller records."""
    cancel_drafts(session, case_id=report.case_id, actor=actor_id, now=now)
    serving.tell_member(session, report, now)
