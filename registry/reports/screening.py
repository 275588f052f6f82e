"""The neutral screener's word: let through, or refused on one ground of the closed list, applied to a named fact."""

from __future__ import annotations

from datetime import datetime

from registry import policy
from registry.access import Action, Actor
from registry.cases.actions import seal, unseal
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden
from registry.log.actions import record
from registry.members.models import Kind, Member
from registry.reports import queries, rules, serving
from registry.reports.models import Report, Screening
from registry.reports.prose import verify_prose
from registry.reports.rules import NEXT, Ground, Verb, Verdict


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
    fact: int | None = None,
) -> Report:
    """A neutral screener lets the report through to its subject, or refuses it on one ground of the closed list.

    `fact` is the place, from 1, of the alleged fact that the ground applies to. Accepting drafts the first letter.
    Raises Conflict when the papers may be somebody else's and the verdict is to accept, Forbidden for a carrier's
    people and whoever has to do with the member.
    """
    report = queries.guarded(session, actor=actor, report_id=report_id, action=Action.REPORT_SCREEN)
    if session.get_one(Member, actor.member_id).kind is Kind.CARRIER:
        raise Forbidden("a carrier may not screen; the roster's other members do")
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    case, key = queries.case_of(session, report)
    rules.verify_ground(verdict, ground, fact, facts=len(queries.payload_of(report, key)["facts"]))
    if verdict is Verdict.ACCEPT:
        _verify_right_person(report)
    verb = Verb.SCREEN if verdict is Verdict.ACCEPT else Verb.REFUSE
    advance(session, report, NEXT, verb, actor=actor.id, now=now)
    screening = Screening(
        id=new_id(),
        case_id=report.case_id,
        report_id=report.id,
        verdict=verdict,
        ground=ground,
        fact=fact,
        account_id=actor.id,
        at=now,
    )
    screening.sealed_reasons = seal(key, screening, "sealed_reasons", reasons)
    session.add(screening)
    if verdict is Verdict.ACCEPT:
        serving.draft_accusation(session, report=report, case=case, key=key, issuer=issuer, actor=actor.id, now=now)
    serving.tell_member(session, report, now)
    facts = {"report": report.id, "verdict": verdict.value, "ground": ground and ground.value, "fact": fact}
    record(session, "report.screen", actor=actor.id, now=now, facts=facts, case=key)
    return report


def _verify_right_person(report: Report) -> None:
    if report.impersonation:
        raise Conflict(
            "the report says that the papers may be somebody else's; refuse it, or let the member sign a new version",
            code="impersonation",
        )


def screening_reasons(session: Session, report: Report) -> str | None:
    """Why the screener decided so; None while nobody has."""
    screening = queries.screening_of(session, report)
    return unseal(queries.case_of(session, report)[1], screening, "sealed_reasons") if screening else None
