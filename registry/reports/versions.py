"""What was signed, version by version: an edit before screening is a new statement, and voids the countersignature.

The report holds the words of its present version; each version holds the statement as it was signed, by whom.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.cases.actions import seal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.errors import Conflict, Invalid
from registry.keys.rotations import handle_of, verify_signed_since
from registry.log.actions import CaseKey, record
from registry.reports import queries, statement
from registry.reports.contact import read_contact
from registry.reports.exhibits import bind
from registry.reports.hands import by_own_hand
from registry.reports.models import Report, ReportVersion
from registry.reports.queries import Contact
from registry.reports.rules import NEXT, Verb
from registry.reports.statement import Accusation
from registry.restraints.actions import require_not_suspended
from registry.signing import canonical, jws


def replace(
    session: Session,
    *,
    actor: Actor,
    report_id: str,
    token: str,
    contact: Mapping[str, object],
    issuer: str,
    now: datetime,
) -> Report:
    """A new version of a report that nobody has screened yet; whoever countersigned the old one must do so again.

    The same version again changes nothing. Raises Invalid and Conflict as `actions.file` does, and Conflict (code
    `number-differs`) for a report about somebody else. Whether it is late was settled when it was first filed.
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_FILE)
    signed = by_own_hand(session, actor, token, typ=statement.REPORT)
    accusation = statement.read(signed.payload, member_id=actor.member_id, issuer=issuer)
    if (before := replayed(session, actor.member_id, signed, accusation.jti)) is not None:
        _verify_of(report, before)
        return report
    require_not_suspended(session, actor.member_id)
    statement.verify_timely(accusation, signed.payload, now=now, filed_at=report.filed_at)
    verify_signed_since(session, signed.payload["iat"])
    reach = read_contact(contact)
    case, key = queries.case_of(session, report)
    _verify_same_person(session, case, accusation)
    exhibits, annexes = _fresh(accusation, queries.payload_of(report, key))
    advance(session, report, NEXT, Verb.REPLACE, actor=actor.id, now=now, countersigned_by=None)
    write(session, report, key, signed, accusation, reach, actor_id=actor.id)
    keep(session, report, key, signed, token, jti=accusation.jti, actor_id=actor.id, now=now)
    bind(session, member_id=actor.member_id, digests=exhibits, annexes=annexes, key=key)
    facts = {"report": report.id, "offence": report.offence, "level": report.level, "kid": signed.kid}
    record(session, "report.replace", actor=actor.id, now=now, facts=facts, case=key)
    return report


def write(
    session: Session,
    report: Report,
    key: CaseKey,
    signed: jws.Statement,
    accusation: Accusation,
    reach: Contact,
    *,
    actor_id: str,
) -> None:
    """Let the report say what this version says."""
    report.statement_digest, report.filed_by = signed.digest, actor_id
    report.offence, report.offence_version = accusation.offence, accusation.offence_version
    report.staff, report.impersonation = accusation.staff, accusation.impersonation
    report.level, report.basis = statement.level(accusation).level, accusation.basis
    report.term_days = accusation.term_days
    reference = signed.payload.get("incident")
    report.incident = queries.incident_alias(session, report.member_id, reference) if reference else None
    words = canonical.dumps(signed.payload).decode()
    report.sealed_words = seal(key, report, "sealed_words", words)
    report.sealed_contact = seal(key, report, "sealed_contact", json.dumps(asdict(reach)))


def keep(
    session: Session,
    report: Report,
    key: CaseKey,
    signed: jws.Statement,
    token: str,
    *,
    jti: str,
    actor_id: str,
    now: datetime,
) -> ReportVersion:
    """Keep the statement as it was signed, after the versions before it. The caller records."""
    version = ReportVersion(
        id=new_id(),
        case_id=report.case_id,
        report_id=report.id,
        member_id=report.member_id,
        number=len(_all(session, report)) + 1,
        jti=session.keyring.alias("report", jti),
        statement_digest=signed.digest,
        account_id=actor_id,
        kid=signed.kid,
        at=now,
    )
    version.sealed_statement = seal(key, version, "sealed_statement", token)
    session.add(version)
    session.flush()
    return version


def present(session: Session, report: Report) -> ReportVersion:
    return _all(session, report)[-1]


def hands(session: Session, report: Report) -> set[str]:
    """The accounts that signed any version."""
    return {version.account_id for version in _all(session, report)}


def replayed(session: Session, member_id: str, signed: jws.Statement, jti: str) -> Report | None:
    """The report for which the member has sent this statement before; Conflict for another one under its jti."""
    named = session.keyring.alias("report", jti)
    version = session.scalar(
        sa.select(ReportVersion).where(ReportVersion.member_id == member_id, ReportVersion.jti == named)
    )
    if version is None:
        return None
    if version.statement_digest != signed.digest:
        raise Conflict(
            "jti was used for another statement; give this one a jti of its own", field="jti", code="jti-used"
        )
    return session.get_one(Report, version.report_id)


def made_by(session: Session, *, actor: Actor, token: str) -> Report | None:
    """The report that this very statement of the actor's own hand has made before, if it has."""
    require(actor, Action.REPORT_FILE, member_id=actor.member_id)
    signed = by_own_hand(session, actor, token, typ=statement.REPORT)
    return replayed(session, actor.member_id, signed, str(signed.payload.get("jti")))


def _all(session: Session, report: Report) -> list[ReportVersion]:
    versions = sa.select(ReportVersion).where(ReportVersion.report_id == report.id).order_by(ReportVersion.number)
    return list(session.scalars(versions).all())


def _fresh(accusation: Accusation, before: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The exhibits and annexes that the version before did not have; Invalid when an annex would change its copy."""
    known: Mapping[str, str] = before.get("annexes", {})
    exhibits = [digest for digest in accusation.exhibits if digest not in before["exhibits"]]
    annexes = {annex: copy for annex, copy in accusation.annexes.items() if known.get(annex) != copy}
    if annexes.keys() & known.keys() or not set(annexes.values()) <= set(exhibits):
        raise Invalid("annexes must keep their redacted copies; a new annex needs a new copy", field="annexes")
    return exhibits, annexes


def _verify_of(report: Report, found: Report) -> None:
    if found.id != report.id:
        raise Conflict("jti was used for another report; give this one a jti of its own", field="jti", code="jti-used")


def _verify_same_person(session: Session, case: Case, accusation: Accusation) -> None:
    if handle_of(session, accusation.tag) != case.subject_handle:
        raise Conflict(
            "a new version must be about the same person; withdraw this report and file another",
            field="sub",
            code="number-differs",
        )
