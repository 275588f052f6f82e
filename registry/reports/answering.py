"""The person's time to answer: made longer once, used, or come too late for; what they say reaches who must know.

Silence has no place here: no date and no state follows from it but that the window closes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor
from registry.accounts.models import Account
from registry.cases.actions import key_of, require_on, seal, unseal
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import CaseKey, record
from registry.log.swap import swap
from registry.notices import actions as notices
from registry.notices.rules import Channel
from registry.reports import queries, rules
from registry.reports.models import Extension, Report, Representation
from registry.reports.prose import verify_prose
from registry.reports.rules import State
from registry.reports.serving import heard

TEXT_LENGTH: Final = 5_000  # characters
_ANSWERABLE: Final = (State.SCREENED, State.NOTICED, State.LISTED)


@dataclass(frozen=True, slots=True)
class Said:
    made_at: datetime
    late: bool
    text: str = field(repr=False)
    late_reasons: str | None = field(repr=False)


def extend(session: Session, *, actor: Actor, number: str, days: int, reasons: str, now: datetime) -> Report:
    """The clerk makes the window longer by up to the policy's days, for stated reasons. Once, whoever asked."""
    case = session.scalar(sa.select(Case).where(Case.number == number))
    if case is None:
        raise NotFound("there is no such case", field="number")
    require_on(session, actor, Action.WINDOW_EXTEND, case)
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    return _extend(session, case, days, actor.id, reasons, now)


def extend_as_subject(session: Session, *, case: Case, now: datetime) -> Report:
    """The subject asks, and has it: all the days there are. Only for whoever has matched the case."""
    return _extend(session, case, policy.EXTENSION.days, f"subject:{case.id}", None, now)


def _extend(session: Session, case: Case, days: int, actor: str, reasons: str | None, now: datetime) -> Report:
    rules.verify_extension(days)
    key, report = key_of(session, case), queries.of_case(session, case.id)
    if reasons is None:
        heard(session, report, on=now, now=now)
    closes = _open_window(report, now)
    if extension_of(session, case.id) is not None:
        raise Conflict(
            "the time to answer was extended before; it is extended once, and the person may answer late for "
            "stated reasons",
            code="extended-before",
        )
    extension = Extension(id=new_id(), case_id=case.id, actor=actor, days=days, at=now)
    extension.sealed_reasons = seal(key, extension, "sealed_reasons", reasons) if reasons is not None else None
    session.add(extension)
    still = (Report.state == State.NOTICED, Report.window_closes_at == closes)
    if not swap(session, report, *still, values={"window_closes_at": closes + timedelta(days=days)}):
        raise Conflict("this report has changed meanwhile; read it again", code="outdated")
    _tell(session, report, report.member_id, "window.extended", now)
    record(session, "window.extend", actor=actor, now=now, facts={"report": report.id, "days": days}, case=key)
    return report


def represent(session: Session, *, case: Case, text: str, late_reasons: str | None, now: datetime) -> Representation:
    """What the subject says to the filing member and the screener. Only for whoever has matched the case.

    After the window it must say why it is late, and marks the entry. Raises Conflict for a report that has ended.
    """
    key, report = key_of(session, case), queries.of_case(session, case.id)
    if report.state not in _ANSWERABLE:
        raise Conflict(
            "this report is {state}; there is nothing to answer: the person may do so from its letter until it ends",
            code="not-allowed-now",
            state=report.state.value,
        )
    verify_prose(text, field="text", most=TEXT_LENGTH)
    late = report.window_closes_at is not None and report.window_closes_at <= now
    reasons = _late_reasons(late_reasons) if late else None
    _verify_room(session, case.id)
    heard(session, report, on=now, now=now)
    row = _row(case, key, text, reasons, late, now)
    session.add(row)
    for member_id in _concerned(session, report):
        _tell(session, report, member_id, "representation.made", now)
    facts = {"report": report.id, "late": late}
    record(session, "representation.make", actor=f"subject:{case.id}", now=now, facts=facts, case=key)
    return row


def read(session: Session, *, actor: Actor, report_id: str, now: datetime) -> list[Said]:
    """What the subject has said, for those who may read the report; each reading is logged."""
    report = queries.readable(session, actor=actor, report_id=report_id)
    _, key = queries.case_of(session, report)
    record(session, "representation.read", actor=actor.id, now=now, facts={"report": report.id}, case=key)
    return said(session, report.case_id, key)


def said(session: Session, case_id: str, key: CaseKey) -> list[Said]:
    """Every representation of a case, the oldest first."""
    rows = session.scalars(_of(case_id).order_by(Representation.made_at, Representation.id))
    return [_opened(row, key) for row in rows]


def last_late(session: Session, case_id: str) -> datetime | None:
    """When the subject last answered after the window; None when they never did."""
    return session.scalar(
        sa.select(sa.func.max(Representation.made_at)).where(Representation.case_id == case_id, Representation.late)
    )


def extension_of(session: Session, case_id: str) -> Extension | None:
    return session.scalar(sa.select(Extension).where(Extension.case_id == case_id))


def _of(case_id: str) -> sa.Select[Representation]:
    return sa.select(Representation).where(Representation.case_id == case_id)


def _opened(row: Representation, key: CaseKey) -> Said:
    reasons = unseal(key, row, "sealed_late_reasons") if row.sealed_late_reasons is not None else None
    return Said(row.made_at, row.late, unseal(key, row, "sealed_text"), reasons)


def _row(case: Case, key: CaseKey, text: str, reasons: str | None, late: bool, now: datetime) -> Representation:
    row = Representation(id=new_id(), case_id=case.id, late=late, made_at=now)
    row.sealed_text = seal(key, row, "sealed_text", text)
    row.sealed_late_reasons = seal(key, row, "sealed_late_reasons", reasons) if reasons is not None else None
    return row


def _open_window(report: Report, now: datetime) -> datetime:
    closes = report.window_closes_at
    if report.state is not State.NOTICED or closes is None or closes <= now:
        raise Conflict(
            "the time to answer is not running; after it, the subject may still answer late, for reasons",
            code="not-allowed-now",
        )
    return closes


def _late_reasons(reasons: str | None) -> str:
    if not reasons:
        raise Invalid("the reasons must say why the answer comes after its time", field="late_reasons", code="late")
    return verify_prose(reasons, field="late_reasons", most=policy.REASONS_LENGTH)


def _verify_room(session: Session, case_id: str) -> None:
    count = session.scalar(sa.select(sa.func.count()).select_from(_of(case_id).subquery())) or 0
    if count >= policy.REPRESENTATIONS:
        raise Conflict(
            "{most} answers are in the file; appeal instead",
            code="too-many-answers",
            most=policy.REPRESENTATIONS,
        )


def _concerned(session: Session, report: Report) -> list[str]:
    """The filing member, and that of whoever screened."""
    screening = queries.screening_of(session, report)
    screeners = {session.get_one(Account, screening.account_id).member_id} if screening else set()
    return sorted({report.member_id, *screeners})


def _tell(session: Session, report: Report, member_id: str, kind: str, now: datetime) -> None:
    payload = {"type": kind, "id": report.id}
    notices.send(
        session,
        channel=Channel.WEBHOOK,
        member_id=member_id,
        kind=kind,
        payload=payload,
        now=now,
        case_id=report.case_id,
    )
