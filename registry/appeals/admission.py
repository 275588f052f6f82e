"""Admission: a clerk lets an appeal through, and with the same act fixes who can be drawn.

After that act nobody can add or remove a panelist: its record holds the root of the pool, and its leaf goes into the
message from which the panel is drawn.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.appeals import effects, queries, rules
from registry.appeals.actions import finish
from registry.appeals.eligibility import Inadmissible, verify_inadmissible
from registry.appeals.models import Appeal, Draw, Interest
from registry.appeals.pool import eligible
from registry.appeals.rules import NEXT, Verb
from registry.base64url import encode
from registry.cases.actions import key_of, require_on, seal
from registry.cases.models import Case
from registry.cases.steps import advance
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity import draw
from registry.identity.draw import Panelist
from registry.log.actions import CaseKey, record
from registry.members.actions import get as member
from registry.notices.actions import send
from registry.reports.prose import verify_prose
from registry.reports.queries import of_case as report_of


def admit(session: Session, *, actor: Actor, appeal: Appeal, reasons: str, now: datetime) -> Draw:
    """Admit, and fix the pool. Conflict (`pool-too-small`) unless people of three members could be drawn."""
    key = _guarded(session, actor, appeal, reasons)
    pool = eligible(session, appeal, clerk=actor.id)
    if len({panelist.member for panelist in pool}) < draw.SEATS:
        raise Conflict(
            "panelists of {seats} members must be free of any interest; call more to the roster",
            code="pool-too-small",
            seats=draw.SEATS,
        )
    sealed = seal(key, appeal, "sealed_admission", reasons)
    advance(session, appeal, NEXT, Verb.ADMIT, actor=actor.id, now=now, admitted_at=now, sealed_admission=sealed)
    row = _draw(session, appeal, pool)
    _ask_member(session, appeal, now)
    facts = {"appeal": appeal.id, "draw": row.name, "pool": len(pool), "pool_root": encode(row.root)}
    record(session, "appeal.admit", actor=actor.id, now=now, facts=facts, case=key, uid=row.admission)
    return row


def refuse(
    session: Session, *, actor: Actor, appeal: Appeal, ground: Inadmissible, reasons: str, now: datetime
) -> Appeal:
    """Refuse an appeal that is none, for one ground of the closed list.

    Forbidden (code `took-part`) for whoever refused an earlier one of this case: it would be a complaint about them.
    """
    key = _guarded(session, actor, appeal, reasons)
    if appeal.instance > 1:
        raise Conflict("the second instance is the subject's right; admit it", code="not-allowed-now")
    _verify_refusable(session, actor, appeal, ground)
    said = {"sealed_admission": seal(key, appeal, "sealed_admission", reasons), "refused_for": ground}
    advance(session, appeal, NEXT, Verb.REFUSE, actor=actor.id, now=now, closed_at=now, refused_by=actor.id, **said)
    effects.reinstate(session, appeal, actor=actor.id, now=now, reason="appeal-refused")
    finish(session, appeal, actor=actor.id, now=now)
    facts = {"appeal": appeal.id, "ground": ground.value}
    record(session, "appeal.refuse", actor=actor.id, now=now, facts=facts, case=key)
    return appeal


def declare(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    member_id: str | None = None,
    case_number: str | None = None,
) -> Interest:
    """A panelist declares an interest in a member or in a case: no pool and no seat of theirs lasts for it."""
    require(actor, Action.PANEL_SERVE)
    if (member_id is None) == (case_number is None):
        raise Invalid("name a member or a case, and not both", field="member")
    if member_id is not None:
        interest = Interest(id=new_id(), account_id=actor.id, member_id=member(session, member_id).id)
    else:
        case = session.scalar(sa.select(Case).where(Case.number == case_number))
        if case is None:
            raise NotFound("there is no case of this number", field="case")
        interest = Interest(id=new_id(), account_id=actor.id, case_id=case.id)
    interest.declared_at = now
    session.add(interest)
    record(session, "interest.declare", actor=actor.id, now=now, facts={"interest": interest.id})
    return interest


def _verify_refusable(session: Session, actor: Actor, appeal: Appeal, ground: Inadmissible) -> None:
    earlier, basis = queries.of_case(session, appeal.case_id), report_of(session, appeal.case_id).basis
    if actor.id in {each.refused_by for each in earlier}:
        raise Forbidden(
            "you refused an earlier appeal of this case; admit this one, or let another clerk decide", code="took-part"
        )
    verify_inadmissible(ground, decided=any(each.decided_at for each in earlier), basis=basis)


def _guarded(session: Session, actor: Actor, appeal: Appeal, reasons: str) -> CaseKey:
    require_on(session, actor, Action.APPEAL_ADMIT, appeal)
    verify_prose(reasons, field="reasons", most=rules.TEXT_LENGTH)
    return key_of(session, session.get_one(Case, appeal.case_id))


def _draw(session: Session, appeal: Appeal, pool: list[Panelist]) -> Draw:
    case = session.get_one(Case, appeal.case_id)
    row = Draw(
        id=new_id(),
        appeal_id=appeal.id,
        case_id=appeal.case_id,
        name=rules.draw_name(case.number, appeal.number),
        pool=[[panelist.id, panelist.member] for panelist in sorted(pool)],
        root=draw.pool_root(pool),
        admission=new_id(),
    )
    session.add(row)
    return row


def _ask_member(session: Session, appeal: Appeal, now: datetime) -> None:
    payload = {"type": "appeal.admitted", "id": appeal.id}
    send(session, channel="webhook", member_id=appeal.member_id, kind="appeal.admitted", payload=payload, now=now)
