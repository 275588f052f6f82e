"""What stands in a copy, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from registry.amendments import queries as amendments
from registry.appeals import queries as appeals
from registry.appeals.actions import proofed
from registry.appeals.interventions import texts_of
from registry.appeals.models import Answer, Appeal
from registry.cases import acts
from registry.cases.actions import key_of, unseal
from registry.cases.models import Case, Statement
from registry.checks.asked import asked_about
from registry.clock import rfc3339
from registry.db import Session
from registry.entries.queries import of_case as entry_of_case
from registry.entries.queries import status_of
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.notices.models import Notice
from registry.panels.models import Decision, Vote
from registry.reports import queries as reports
from registry.reports.inspections import for_subject
from registry.reports.models import Exhibit, Report
from registry.signing import jws


def document_of(session: Session, *, case: Case, issuer: str, by: str, now: datetime) -> dict[str, Any]:
    """The whole file of the case for its subject; making a copy is an act of the case by `by`."""
    key, report = key_of(session, case), reports.of_case(session, case.id)
    document = {
        "registry": issuer,
        "case": case.number,
        "made_at": rfc3339(now),
        "filed_by": session.get_one(Member, case.member_id).name,
        "report": {
            "state": report.state.value,
            "level": report.level,
            "filed_at": rfc3339(report.filed_at),
            "window_closes_at": _time(report.window_closes_at),
            "statement": reports.words_of(report, key),
            "addressed_to": reports.contact_of(report, key).name,
            "taken_back_because": _opened(key, report),
        },
        "evidence": _exhibits(session, case),
        "letters": _letters(session, case, key),
        "inspections": _inspections(session, case),
        "amendments": _amendments(session, key),
        "entry": _entry(session, case, now),
        "your_statement": _statement(session, case, key),
        "appeals": [_appeal(session, appeal, key) for appeal in appeals.of_case(session, case.id)],
        "checks": _checks(session, case, key),
        "history": _history(session, key),
    }
    record(session, "case.copy", actor=by, now=now, case=key)
    return document


def _exhibits(session: Session, case: Case) -> list[dict[str, Any]]:
    rows = session.scalars(sa.select(Exhibit).where(Exhibit.case_id == case.id).order_by(Exhibit.uploaded_at))
    return [{"kind": row.kind.value, "bytes": row.size, "uploaded_at": rfc3339(row.uploaded_at)} for row in rows]


def _letters(session: Session, case: Case, key: CaseKey) -> list[dict[str, Any]]:
    rows = session.scalars(sa.select(Notice).where(Notice.case_id == case.id).order_by(Notice.drafted_at))
    return [
        {"state": row.state.value, "served_at": _time(row.served_at), "replaced_because": _opened(key, row)}
        for row in rows
    ]


def _opened(key: CaseKey, row: Report | Notice) -> str | None:
    return unseal(key, row, "sealed_reason") if row.sealed_reason is not None else None


def _inspections(session: Session, case: Case) -> list[dict[str, Any]]:
    return [
        {"at": rfc3339(seen.began_at), "by": seen.by or "you", "signed": seen.is_signed}
        for seen in for_subject(session, case)
    ]


def _amendments(session: Session, key: CaseKey) -> list[dict[str, Any]]:
    return [
        {"kind": told.row.kind.value, "confirmed_at": _time(told.confirmed_at), "statement": told.words}
        for told in amendments.of_case(session, key, only_taken=True)
    ]


def _entry(session: Session, case: Case, now: datetime) -> dict[str, Any] | None:
    entry = entry_of_case(session, case.id)
    if entry is None:
        return None
    return {
        "reference": entry.id,
        "state": status_of(entry, now),
        "offence": entry.offence,
        "level": entry.level,
        "basis": entry.basis.value,
        "disputed": entry.disputed,
        "listed_at": rfc3339(entry.listed_at),
        "until": _time(entry.until),
    }


def _statement(session: Session, case: Case, key: CaseKey) -> str | None:
    row = session.scalar(sa.select(Statement).where(Statement.case_id == case.id))
    return unseal(key, row, "sealed_text") if row is not None else None


def _appeal(session: Session, appeal: Appeal, key: CaseKey) -> dict[str, Any]:
    answer = session.scalar(sa.select(Answer).where(Answer.appeal_id == appeal.id))
    decision = session.scalar(sa.select(Decision).where(Decision.appeal_id == appeal.id))
    opened = sa.select(Vote).where(Vote.appeal_id == appeal.id, Vote.opened_at.is_not(None)).order_by(Vote.id)
    said = jws.parse(unseal(key, answer, "sealed_statement"), typ="answer+jwt").payload["text"] if answer else None
    return {
        "instance": appeal.instance,
        "state": appeal.state.value,
        "lodged_at": rfc3339(appeal.lodged_at),
        "grounds": list(appeal.grounds),
        "your_words": unseal(key, appeal, "sealed_text"),
        "answer": said,
        "interventions": list(texts_of(session, appeal, key)),
        "decision": decision.choice.value if decision else None,
        "reasons": [unseal(key, vote, "sealed_reasons") for vote in session.scalars(opened)],
    }


def _checks(session: Session, case: Case, key: CaseKey) -> list[dict[str, Any]] | str:
    if not proofed(session, case):
        return "shown once a verifier has confirmed who you are"
    return [
        {
            "company": asked.member,
            "at": rfc3339(asked.at),
            "purpose": asked.purpose.value,
            "consent": asked.consent.value,
            "answer": asked.outcome.value,
            "read_at": [rfc3339(at) for at in asked.read_at],
        }
        for asked in asked_about(session, case, key)
    ]


def _history(session: Session, key: CaseKey) -> list[dict[str, Any]]:
    """What was done when, and where it stands in the public log."""
    return [{"at": rfc3339(act.at), "act": act.verb, "position": act.position} for act in acts.of_case(session, key)]


def _time(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
