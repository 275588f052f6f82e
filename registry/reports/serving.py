"""Service of process: the letter that tells the subject, and the proof that it arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from registry import policy
from registry.access import Action, Actor
from registry.cases.actions import key_of, seal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session
from registry.errors import Conflict
from registry.log.actions import CaseKey, record
from registry.log.swap import swap
from registry.members.models import Member
from registry.notices import actions as notices
from registry.notices import letters, matches
from registry.notices.models import Notice
from registry.notices.rules import NEXT as NEXT_OF_LETTER
from registry.notices.rules import PROOF_LENGTH, Channel, Delivery, Route, is_tried
from registry.notices.rules import State as LetterState
from registry.notices.rules import Verb as LetterVerb
from registry.reports import queries, rules, statement
from registry.reports.exhibits import bundle
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

    A second letter changes no window, unless nothing had reached the person before it; and a letter of a report that
    has ended opens none.
    """
    notice, case = notices.letter(session, letter_id=letter_id, actor=actor, action=Action.SERVICE_RECORD)
    verify_prose(proof, field="proof", most=PROOF_LENGTH)
    key = key_of(session, case)
    notices.serve(session, notice=notice, key=key, delivery=delivery, on=on, proof=proof, actor=actor.id, now=now)
    report = queries.of_case(session, case.id)
    if report.state is State.SCREENED:
        closes = rules.window_closes(on, recorded_at=now)
        advance(session, report, NEXT, Verb.SERVE, actor=actor.id, now=now, window_closes_at=closes, heard_at=on)
        tell_member(session, report, now)
    else:
        heard(session, report, on=on, now=now)
    facts = {"letter": notice.id, "delivery": delivery.value}
    record(session, "letter.serve", actor=actor.id, now=now, facts=facts, case=key)
    return report


def record_attempt(
    session: Session, *, actor: Actor, letter_id: str, route: Route, on: datetime, proof: str, now: datetime
) -> Report:
    """The clerk records that a letter went out, by which way; once enough ways were tried, the window runs."""
    notice, case = notices.letter(session, letter_id=letter_id, actor=actor, action=Action.SERVICE_RECORD)
    verify_prose(proof, field="proof", most=PROOF_LENGTH)
    return tried(session, notice=notice, case=case, route=route, on=on, proof=proof, actor=actor.id, now=now)


def tried(
    session: Session,
    *,
    notice: Notice,
    case: Case,
    route: Route,
    on: datetime,
    proof: str,
    actor: str,
    now: datetime,
) -> Report:
    """Note an attempt, a clerk's or the outbox's. After the second channel the report is noticed, and `unheard`."""
    key, report = key_of(session, case), queries.of_case(session, case.id)
    notices.note_attempt(session, notice=notice, key=key, route=route, on=on, proof=proof, actor=actor, now=now)
    if report.state is State.SCREENED and is_tried(notices.routes_of(session, case_id=case.id)):
        closes = rules.window_closes(now, recorded_at=now)
        advance(session, report, NEXT, Verb.PRESUME, actor=actor, now=now, window_closes_at=closes, unheard_since=now)
        tell_member(session, report, now)
    facts = {"letter": notice.id, "route": route.value}
    record(session, "letter.try", actor=actor, now=now, facts=facts, case=key)
    return report


def heard(session: Session, report: Report, *, on: datetime, now: datetime) -> None:
    """Something reached the person of an unheard report after all. An open window begins anew. The caller records."""
    if report.unheard_since is None or report.heard_at is not None:
        return
    changes = {"heard_at": on}
    if report.state is State.NOTICED and report.window_closes_at is not None:
        changes["window_closes_at"] = max(report.window_closes_at, rules.window_closes(on, recorded_at=now))
    if not swap(session, report, Report.state == report.state, Report.heard_at.is_(None), values=changes):
        raise Conflict("this report has changed meanwhile; read it again", code="outdated")


def contact_again(
    session: Session, *, report: Report, issuer: str, now: datetime, relied_on_from: datetime, actor: str
) -> Notice:
    """A further letter to somebody whom nothing has reached: they are listed, and have time. The caller records."""
    case, key = queries.case_of(session, report)
    facts = replace(_facts(session, report, case, key, issuer, now), relied_on_from=relied_on_from)
    return notices.draft(
        session, case=case, key=key, write=lambda code: letters.accusation(facts, code), actor=actor, now=now
    )


def replace_letter(
    session: Session, *, actor: Actor, letter_id: str, reason: str, issuer: str, now: datetime
) -> Notice:
    """A new letter with a new code for one that came back, was lost, or whose code is used up. The old code is dead."""
    notice, case = notices.letter(session, letter_id=letter_id, actor=actor, action=Action.SERVICE_RECORD)
    verify_prose(reason, field="reason", most=policy.REASONS_LENGTH)
    key, report = key_of(session, case), queries.of_case(session, case.id)
    if report.state not in (State.SCREENED, State.NOTICED, State.LISTED):
        raise Conflict(
            "this report is {state}; no more letters are sent: a clerk replaces one from the screening until "
            "the report ends",
            code="not-allowed-now",
            state=report.state.value,
        )
    verb = LetterVerb.REPLACE if notice.state is LetterState.SERVED else LetterVerb.RETURN
    sealed = seal(key, notice, "sealed_reason", reason)
    advance(session, notice, NEXT_OF_LETTER, verb, actor=actor.id, now=now, sealed_reason=sealed)
    matches.end_sessions(session, case_id=case.id, now=now)
    new = draft_accusation(session, report=report, case=case, key=key, issuer=issuer, actor=actor.id, now=now)
    facts = {"letter": notice.id, "by": new.id}
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
        exhibits=bundle(session, case_id=case.id, digests=said.exhibits),
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
