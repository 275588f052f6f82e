"""Service of process: the letter that tells the subject, and the proof that it arrived."""

from __future__ import annotations

from datetime import datetime

from registry import policy
from registry.access import Action, Actor
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session
from registry.errors import Conflict
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.notices import actions as notices
from registry.notices import letters, matches
from registry.notices.models import Notice
from registry.notices.rules import NEXT as NEXT_OF_LETTER
from registry.notices.rules import PROOF_LENGTH, Channel, Delivery
from registry.notices.rules import State as LetterState
from registry.notices.rules import Verb as LetterVerb
from registry.reports import queries, rules, statement
from registry.reports.models import Report
from registry.reports.prose import verify_prose
from registry.reports.rules import NEXT, State, Verb


def draft_accusation(
    session: Session, *, report: Report, case: Case, key: CaseKey, issuer: str, actor: str, now: datetime
) -> Notice:
    """The letter with a fresh code, for the print queue. The caller records."""
    facts = _facts(session, report, case, key, issuer, now)
    return notices.draft(
        session, case=case, key=key, write=lambda code: letters.accusation(facts, code), actor=actor, now=now
    )


def record_service(
    session: Session,
    *,
    actor: Actor,
    letter_id: str,
    delivery: Delivery,
    on: datetime,
    proof: str,
    now: datetime,
) -> Report:
    """The clerk records when and how the letter reached the person; the window to answer runs from then.

    A second letter changes no window, and a letter of a report that has ended opens none.
    """
    notice, case = notices.letter(session, letter_id=letter_id, actor=actor, action=Action.SERVICE_RECORD)
    verify_prose(proof, field="proof", most=PROOF_LENGTH)
    key = key_of(session, case)
    notices.serve(session, notice=notice, key=key, delivery=delivery, on=on, proof=proof, actor=actor.id, now=now)
    report = queries.of_case(session, case.id)
    if report.state is State.SCREENED:
        closes = rules.window_closes(on)
        advance(session, report, NEXT, Verb.SERVE, actor=actor.id, now=now, window_closes_at=closes)
        tell_member(session, report, now)
    facts = {"letter": notice.id, "delivery": delivery.value}
    record(session, "letter.serve", actor=actor.id, now=now, facts=facts, case=key)
    return report


def replace_letter(
    session: Session, *, actor: Actor, letter_id: str, reason: str, issuer: str, now: datetime
) -> Notice:
    """A new letter with a new code for one that came back, was lost, or whose code is used up. The old code is dead."""
    notice, case = notices.letter(session, letter_id=letter_id, actor=actor, action=Action.SERVICE_RECORD)
    verify_prose(reason, field="reason", most=policy.REASONS_LENGTH)
    key, report = key_of(session, case), queries.of_case(session, case.id)
    if report.state not in (State.SCREENED, State.NOTICED, State.LISTED):
        raise Conflict(f"this report is {report.state.value}; no more letters are sent", code="not-allowed-now")
    verb = LetterVerb.REPLACE if notice.state is LetterState.SERVED else LetterVerb.RETURN
    advance(session, notice, NEXT_OF_LETTER, verb, actor=actor.id, now=now)
    matches.end_sessions(session, case_id=case.id, now=now)
    new = draft_accusation(session, report=report, case=case, key=key, issuer=issuer, actor=actor.id, now=now)
    facts = {"letter": notice.id, "by": new.id, "reason": reason}
    record(session, "letter.replace", actor=actor.id, now=now, facts=facts, case=key)
    return new


def _facts(
    session: Session, report: Report, case: Case, key: CaseKey, issuer: str, now: datetime
) -> letters.Accusation:
    said = statement.decode(queries.payload_of(report, key))
    contact = queries.contact_of(report, key)
    return letters.Accusation(
        case_number=case.number,
        language=contact.language,
        name=contact.name,
        address=contact.address,
        member=session.get_one(Member, report.member_id).name,
        site=issuer,
        written_on=now.date(),
        offence=said.offence,
        level=report.level,
        basis=said.basis,
        period_from=said.period_from,
        period_to=said.period_to,
        records=said.records,
        kind=said.kind,
        gain_cny=said.gain_cny,
        measure=said.measure,
        narrative=said.narrative,
        exhibits=len(said.exhibits),
        term_days=said.term_days,
        reasons=said.reasons,
    )


def tell_member(session: Session, report: Report, now: datetime) -> None:
    """What has become of its report. The caller records."""
    kind = f"report.{report.state.value}"
    notices.send(
        session,
        channel=Channel.WEBHOOK,
        member_id=report.member_id,
        kind=kind,
        payload={"type": kind, "id": report.id},
        now=now,
        case_id=report.case_id,
    )
