"""The next right thing in a case, and who does it: the straight way through the process."""

from __future__ import annotations

import sqlalchemy as sa

from registry.amendments.models import Amendment
from registry.amendments.rules import State as AmendmentState
from registry.appeals import queries
from registry.appeals.models import Appeal
from registry.appeals.rules import State
from registry.cases.models import Case
from registry.checks.models import Check
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.queries import of_case
from registry.entries.rules import VISIBLE
from registry.erasures.models import Erasure
from registry.erasures.rules import State as ErasureState
from registry.notices.models import Notice
from registry.notices.rules import State as LetterState
from registry.reports.queries import of_case as report_of
from registry.reports.rules import State as ReportState
from tests.properties.trial import Trial, last

Step = tuple[str, str]
_REPORTERS = {"acme": ("rui", "ana"), "birch": ("ben", "bao")}
_APPEAL = {State.LODGED: ("attest", "vera"), State.PROOFED: ("admit", "cleo")}


def next_right(trial: Trial, session: Session, place: int, dice: int) -> Step | None:
    """None when it is for time to go by."""
    if place >= len(trial.cases):
        return "file", ("rui", "ben")[dice % 2]
    case = trial.case(session, place)
    if case.wrapped_key is None:
        return None
    report = report_of(session, case.id)
    if report.state is ReportState.FILED:
        return "countersign", _REPORTERS[case.member_id][1]
    if report.state is ReportState.COUNTERSIGNED:
        return "screen", "sol"
    if report.state is ReportState.SCREENED:
        return _service(session, case, dice)
    if report.state is ReportState.LISTED:
        return _listed(trial, session, case, dice)
    return None if report.state is ReportState.NOTICED else _erasure(session, case)


def _service(session: Session, case: Case, dice: int) -> Step:
    letter = last(session, Notice, case)
    if letter.state is LetterState.DRAFTED:
        return "print_letter", "cleo"
    return ("send" if dice % 4 == 3 else "serve"), "cleo"


def _listed(trial: Trial, session: Session, case: Case, dice: int) -> Step | None:
    entry = of_case(session, case.id)
    if entry is not None and entry.state in VISIBLE and not _is_hit(session, entry):
        return "check", "hana"
    if _waits(session, case.id):
        return ("confirm_amendment", _REPORTERS[case.member_id][1]) if dice % 4 else None
    if dice == 11:
        return "amend", _REPORTERS[case.member_id][0]
    appeal = queries.latest(session, case.id)
    if appeal is None:
        return "lodge", "rui"
    if appeal.state is State.DECIDED:
        return "contest", "rui"
    return _appeal(trial, session, case, appeal, dice)


def _waits(session: Session, case_id: str) -> bool:
    signed = sa.select(Amendment.id).where(Amendment.case_id == case_id, Amendment.state == AmendmentState.SIGNED)
    return session.scalar(signed.limit(1)) is not None


def _is_hit(session: Session, entry: Entry) -> bool:
    return session.query(Check).filter_by(entry_id=entry.id).first() is not None


def _appeal(trial: Trial, session: Session, case: Case, appeal: Appeal, dice: int) -> Step | None:
    if appeal.state in _APPEAL:
        return _APPEAL[appeal.state]
    seats = queries.awaited(session, appeal.id)
    draw = queries.draw_of(session, appeal.id)
    if appeal.state is State.ADMITTED:
        if draw is not None and draw.nonce is None:
            return "offer", "rui"
        return ("answer", _REPORTERS[case.member_id][0]) if dice % 5 else None
    if appeal.state in (State.ANSWERED, State.HEARD) and seats:
        return ("hear" if appeal.state is State.ANSWERED else "vote"), _name(trial, seats[0].account_id)
    return None


def _name(trial: Trial, account: str) -> str:
    return next(name for name, person in trial.house.cast.items() if person.actor.id == account)


def _erasure(session: Session, case: Case) -> Step | None:
    erasure = session.query(Erasure).filter_by(case_id=case.id).first()
    if erasure is None or erasure.state is not ErasureState.PROPOSED:
        return None
    return ("cosign" if erasure.opened_by == "inspector" else "open_list"), "rex"
