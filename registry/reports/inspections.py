"""A sealed annex is looked at, not handed out: at a place, under a clerk's eyes, and two sign that it was so.

The annex opens on the clerk's screen alone, while the inspection is open and for a few hours at most. Whoever inspects
takes nothing with them; what they say about it, and what the clerk saw, stands in the remarks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from registry import policy
from registry.access import Action, Actor, allowed
from registry.accounts.models import Account
from registry.cases.actions import key_of, require_on, seal, unseal, unseal_bytes
from registry.cases.models import Case
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.errors import Conflict, Forbidden, NotFound
from registry.log.actions import record
from registry.members.models import Member
from registry.reports import queries
from registry.reports.exhibits import Opened, annex_of
from registry.reports.models import Exhibit, Inspection
from registry.reports.prose import verify_prose
from registry.reports.rules import INSPECTION, InspectionState, InspectionVerb

SUBJECT = "subject"
PLACE_LENGTH = 200  # characters


@dataclass(frozen=True, slots=True)
class Held:
    """An inspection as those see it who hold it or sign for it; `number` is the case's."""

    row: Inspection
    number: str
    place: str = field(repr=False)
    remarks: str | None = field(repr=False)

    @property
    def closes_at(self) -> datetime:
        """From when on the annex opens no more."""
        return self.row.began_at + policy.INSPECTION_LIFE


@dataclass(frozen=True, slots=True)
class Seen:
    """An inspection as the subject is told of it: when, and by whom: a member's name, or None for themselves."""

    began_at: datetime
    by: str | None
    is_signed: bool


def hold(
    session: Session, *, actor: Actor, case: Case, exhibit: int, inspector: str, place: str, now: datetime
) -> Inspection:
    """Begin to show the annex of the report's `exhibit` (1, 2, 3…) to `inspector`: an account, or `subject`.

    Whether that account is on the case, `panels.evidence` has asked.
    """
    require_on(session, actor, Action.INSPECTION_HOLD, case)
    verify_prose(place, field="place", most=PLACE_LENGTH)
    if inspector == actor.id:
        raise Forbidden("whoever inspects an annex cannot supervise it; another clerk holds the inspection")
    annex, key = _annex(session, case, exhibit), key_of(session, case)
    who = f"{SUBJECT}:{case.id}" if inspector == SUBJECT else inspector
    row = Inspection(id=new_id(), case_id=case.id, exhibit_id=annex.id, inspector=who, held_by=actor.id, began_at=now)
    row.sealed_place = seal(key, row, "sealed_place", place)
    begin(session, row, INSPECTION, InspectionVerb.BEGIN, actor=actor.id, now=now)
    facts = {"inspection": row.id, "annex": annex.id, "inspector": who}
    record(session, "annex.inspect", actor=actor.id, now=now, facts=facts, case=key)
    return row


def look(session: Session, *, actor: Actor, inspection_id: str, now: datetime) -> Opened:
    """The annex, on the screen of the clerk who holds the inspection; each opening is logged."""
    row, case = _mine(session, actor, inspection_id)
    if row.state is not InspectionState.OPEN or now >= row.began_at + policy.INSPECTION_LIFE:
        raise Conflict("this inspection is over; begin another one", code="not-allowed-now")
    key, annex = key_of(session, case), session.get_one(Exhibit, row.exhibit_id)
    data = unseal_bytes(key, annex, "sealed_content")
    facts = {"inspection": row.id, "annex": annex.id}
    record(session, "annex.open", actor=actor.id, now=now, facts=facts, case=key)
    return Opened(annex.kind, data)


def end(session: Session, *, actor: Actor, inspection_id: str, remarks: str, now: datetime) -> Inspection:
    """The clerk closes the annex and signs for how it was: the first of two."""
    row, case = _mine(session, actor, inspection_id)
    verify_prose(remarks, field="remarks", most=policy.REASONS_LENGTH)
    key = key_of(session, case)
    sealed = seal(key, row, "sealed_remarks", remarks)
    advance(session, row, INSPECTION, InspectionVerb.END, actor=actor.id, now=now, ended_at=now, sealed_remarks=sealed)
    record(session, "annex.end", actor=actor.id, now=now, facts={"inspection": row.id}, case=key)
    return row


def sign(session: Session, *, actor: Actor, inspection_id: str, now: datetime) -> Inspection:
    """Somebody else, who was there and neither held it nor inspected, signs as the second."""
    row, case = _held(session, actor, inspection_id, Action.INSPECTION_SIGN)
    if actor.id in (row.held_by, row.inspector):
        raise Forbidden("a second person must sign; you held the inspection or inspected", code="two-people")
    advance(session, row, INSPECTION, InspectionVerb.SIGN, actor=actor.id, now=now, signed_by=actor.id, signed_at=now)
    record(session, "annex.sign", actor=actor.id, now=now, facts={"inspection": row.id}, case=key_of(session, case))
    return row


def of_case(session: Session, *, actor: Actor, case: Case) -> list[tuple[Inspection, str]]:
    """The inspections of a case with the place of each, the oldest first."""
    require_on(session, actor, Action.INSPECTION_READ, case)
    key = key_of(session, case)
    rows = session.scalars(
        sa.select(Inspection).where(Inspection.case_id == case.id).order_by(Inspection.began_at, Inspection.id)
    )
    return [(row, unseal(key, row, "sealed_place")) for row in rows]


def read(session: Session, *, actor: Actor, inspection_id: str) -> Held:
    """One inspection, for a clerk and for whoever may sign for it."""
    row, case = _held(session, actor, inspection_id, Action.INSPECTION_SIGN)
    return _opened(session, row, case)


def waiting(session: Session, *, actor: Actor) -> list[Held]:
    """What is open in the actor's own hands, and what the actor may sign as the second; the oldest first."""
    wanted = sa.select(Inspection, Case).join(Case, Case.id == Inspection.case_id)
    mine = sa.and_(Inspection.state == InspectionState.OPEN, Inspection.held_by == actor.id)
    theirs = sa.and_(
        Inspection.state == InspectionState.ENDED, Inspection.held_by != actor.id, Inspection.inspector != actor.id
    )
    rows = session.execute(wanted.where(sa.or_(mine, theirs)).order_by(Inspection.began_at, Inspection.id))
    return [
        _opened(session, row, case)
        for row, case in rows
        if allowed(actor, Action.INSPECTION_SIGN, member_id=case.member_id, group=_group(session, case))
    ]


def annexed(session: Session, case: Case) -> list[int]:
    """The places in the report (1, 2, 3…) of the exhibits that have a sealed annex."""
    digests = queries.words_of(queries.of_case(session, case.id), key_of(session, case))["exhibits"]
    found = (annex_of(session, case_id=case.id, sha256=digest) for digest in digests)
    return [place for place, annex in enumerate(found, 1) if annex is not None]


def _opened(session: Session, row: Inspection, case: Case) -> Held:
    key = key_of(session, case)
    remarks = unseal(key, row, "sealed_remarks") if row.sealed_remarks is not None else None
    return Held(row, case.number, unseal(key, row, "sealed_place"), remarks)


def for_subject(session: Session, case: Case) -> list[Seen]:
    """The inspections of the case, the oldest first. Who exactly it was, and what they said, is for those who judge."""
    rows = session.scalars(
        sa.select(Inspection).where(Inspection.case_id == case.id).order_by(Inspection.began_at, Inspection.id)
    )
    return [Seen(row.began_at, _organisation(session, row.inspector), row.signed_at is not None) for row in rows]


def _organisation(session: Session, inspector: str) -> str | None:
    account = session.get(Account, inspector)
    return session.get_one(Member, account.member_id).name if account is not None else None


def _annex(session: Session, case: Case, place: int) -> Exhibit:
    digests = queries.words_of(queries.of_case(session, case.id), key_of(session, case))["exhibits"]
    annex = annex_of(session, case_id=case.id, sha256=digests[place - 1]) if 1 <= place <= len(digests) else None
    if annex is None:
        raise NotFound("this exhibit has no sealed annex")
    return annex


def _held(session: Session, actor: Actor, inspection_id: str, action: Action) -> tuple[Inspection, Case]:
    row = session.get(Inspection, inspection_id)
    if row is None:
        raise NotFound("there is no such inspection")
    case = session.get_one(Case, row.case_id)
    require_on(session, actor, action, case)
    return row, case


def _mine(session: Session, actor: Actor, inspection_id: str) -> tuple[Inspection, Case]:
    row, case = _held(session, actor, inspection_id, Action.INSPECTION_HOLD)
    if row.held_by != actor.id:
        raise Forbidden("only the clerk who holds this inspection may do that")
    return row, case


def _group(session: Session, case: Case) -> str:
    return session.get_one(Member, case.member_id).group
