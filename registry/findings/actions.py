"""Raise, answer and close findings."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry import policy, vault
from registry.access import Action, Actor, require
from registry.appeals import queries, rules
from registry.appeals.models import Appeal
from registry.cases.steps import advance, begin
from registry.db import Session, new_id
from registry.entries.models import Entry
from registry.errors import Conflict, Invalid, NotFound
from registry.findings.models import Finding
from registry.findings.rules import (
    NEXT,
    Kind,
    Verb,
    cause_of_overdue,
    cause_of_overturned,
    cause_of_panel,
    cause_of_review,
)
from registry.log.actions import record
from registry.members.actions import get as member
from registry.members.models import Kind as MemberKind
from registry.members.models import Member
from registry.notices.actions import send
from registry.panels import statistics
from registry.reports.prose import verify_prose
from registry.restraints import actions as restraints
from registry.restraints.models import Restraint
from registry.reviews.models import Review
from registry.reviews.rules import State as ReviewState

CLOCK: Final = "system:findings"


def demand(
    session: Session, *, actor: Actor, member_id: str, text: str, now: datetime, entry_id: str | None = None
) -> Finding:
    """A regulator demands something of a member, about one of its entries or in general."""
    require(actor, Action.FINDING_RAISE)
    member(session, member_id)
    verify_prose(text, field="text", most=policy.REASONS_LENGTH)
    entry = session.get(Entry, entry_id) if entry_id is not None else None
    if entry_id is not None and entry is None:
        raise NotFound("there is no such entry", field="entry")
    if entry is not None and entry.member_id != member_id:
        raise Invalid("entry must be one that this member filed", field="entry")
    row = Finding(id=new_id(), case_id=entry.case_id if entry else None, member_id=member_id, entry_id=entry_id)
    row.kind, row.cause, row.due_at = Kind.DEMAND, f"demand:{row.id}", now + policy.FINDING_ANSWER
    row.sealed_demand = seal(session, row, "sealed_demand", text)
    return raise_(session, row, actor.id, now, tell=[member_id])


def overdue_appeals(session: Session, now: datetime, limit: int = 100) -> list[Finding]:
    """Raise a finding for every late duty in an open appeal, once each; tells every regulator, and who is late.

    Looks at every open appeal: for the worker to call now and then, not in every round.
    """
    running = sa.select(Appeal).where(Appeal.state.not_in(rules.OVER), Appeal.lodged_at <= now - policy.MEMBER_INFORMED)
    raised: list[Finding] = []
    for appeal in session.scalars(running.order_by(Appeal.lodged_at, Appeal.id)).all():
        for duty in rules.overdue(queries.facts_of(session, appeal), now):
            if len(raised) < limit and not _is_raised(session, cause_of_overdue(appeal.id, duty)):
                raised.append(_overdue(session, appeal, duty, now))
    return raised


def exhausted_panels(session: Session, now: datetime, limit: int = 100) -> list[Finding]:
    """Raise a finding for every panel that cannot be filled, once each; tells the operator and every regulator."""
    raised = sa.select(Finding.appeal_id).where(Finding.kind == Kind.PANEL_EXHAUSTED)
    empty = sa.select(Appeal).where(Appeal.exhausted_at.is_not(None), Appeal.id.not_in(raised))
    found = []
    for appeal in session.scalars(empty.order_by(Appeal.id).limit(limit)).all():
        row = Finding(id=new_id(), case_id=appeal.case_id, appeal_id=appeal.id, entry_id=appeal.entry_id)
        row.kind, row.cause, row.due_at = Kind.PANEL_EXHAUSTED, cause_of_panel(appeal.id), now + policy.FINDING_ANSWER
        found.append(raise_(session, row, CLOCK, now, tell=keepers(session)))
    return found


def overdue_reviews(session: Session, now: datetime, limit: int = 100) -> list[Finding]:
    """Raise a finding for every review that is late, once each; tells every regulator, who may decide it."""
    late = sa.select(Review).where(Review.state == ReviewState.OPEN, Review.opened_at <= now - policy.REVIEW_LIMIT)
    found = []
    for review in session.scalars(late.order_by(Review.opened_at, Review.id).limit(limit)).all():
        if not _is_raised(session, cause_of_review(review.id)):
            row = Finding(id=new_id(), case_id=review.case_id, entry_id=review.entry_id, kind=Kind.REVIEW_OVERDUE)
            row.cause, row.due_at = cause_of_review(review.id), review.opened_at + policy.REVIEW_DEFAULT
            found.append(raise_(session, row, CLOCK, now, tell=regulators(session)))
    return found


def overturned_too_often(session: Session, now: datetime) -> list[Finding]:
    """Raise a finding against each member whose listings fall too often, once a month; tells it and the regulators."""
    found = []
    for each in statistics.overturned(session, now=now):
        cause = cause_of_overturned(each.member, now)
        if statistics.is_too_often(each) and not _is_raised(session, cause):
            row = Finding(id=new_id(), member_id=each.member, kind=Kind.OVERTURNED, cause=cause)
            row.due_at = now + policy.FINDING_ANSWER
            found.append(raise_(session, row, CLOCK, now, tell=[each.member, *regulators(session)]))
    return found


def restrain(session: Session, now: datetime) -> list[Restraint]:
    """Let members file less, or nothing, whose listings fall so often; once for each step that the policy has."""
    found = statistics.overturned(session, now=now, after=restraints.lifted_at(session))
    imposed = (
        restraints.impose(session, member_id=each.member, decided=each.decided, overturned=each.overturned, now=now)
        for each in found
    )
    return [row for row in imposed if row is not None]


def answer(session: Session, *, actor: Actor, finding: Finding, text: str, now: datetime) -> Finding:
    """The member says what it did about it."""
    require(actor, Action.FINDING_ANSWER, member_id=finding.member_id)
    if finding.member_id is None:
        raise Conflict("this finding is about the registry itself; a regulator closes it", code="not-allowed-now")
    verify_prose(text, field="text", most=policy.REASONS_LENGTH)
    sealed = seal(session, finding, "sealed_answer", text)
    advance(session, finding, NEXT, Verb.ANSWER, actor=actor.id, now=now, answered_at=now, sealed_answer=sealed)
    record(session, "finding.answer", actor=actor.id, now=now, facts={"finding": finding.id})
    return finding


def close(session: Session, *, actor: Actor, finding: Finding, now: datetime) -> Finding:
    """A regulator is satisfied, answered or not."""
    require(actor, Action.FINDING_RAISE)
    advance(session, finding, NEXT, Verb.CLOSE, actor=actor.id, now=now, closed_at=now)
    record(session, "finding.close", actor=actor.id, now=now, facts={"finding": finding.id})
    return finding


def words_of(session: Session, finding: Finding, column: str) -> str | None:
    """The demand (`sealed_demand`) or the answer (`sealed_answer`), opened."""
    sealed: bytes | None = getattr(finding, column)
    if sealed is None:
        return None
    key = session.keyring.vault_key
    return vault.open_sealed(key, sealed, table="finding", row=finding.id, column=column).decode()


def _overdue(session: Session, appeal: Appeal, duty: rules.Duty, now: datetime) -> Finding:
    late = appeal.member_id if duty is rules.Duty.ANSWER else None  # all other duties are the registry's own
    row = Finding(id=new_id(), case_id=appeal.case_id, member_id=late, appeal_id=appeal.id)
    row.entry_id, row.kind, row.cause = appeal.entry_id, Kind.APPEAL_OVERDUE, cause_of_overdue(appeal.id, duty)
    row.due_at = now + policy.FINDING_ANSWER
    return raise_(session, row, CLOCK, now, tell=[*([late] if late else []), *regulators(session)])


def _is_raised(session: Session, cause: str) -> bool:
    return session.scalar(sa.select(Finding.id).where(Finding.cause == cause)) is not None


def regulators(session: Session) -> list[str]:
    """The members that are told of everything."""
    return _of_kind(session, MemberKind.REGULATOR)


def keepers(session: Session) -> list[str]:
    """The operator, and the regulators: who is told of what is wrong with the registry itself."""
    return [*_of_kind(session, MemberKind.OPERATOR), *regulators(session)]


def _of_kind(session: Session, kind: MemberKind) -> list[str]:
    return list(session.scalars(sa.select(Member.id).where(Member.kind == kind).order_by(Member.id)))


def raise_(session: Session, row: Finding, actor: str, now: datetime, *, tell: list[str]) -> Finding:
    """The finding is there; those in `tell` learn its id."""
    row.raised_by, row.raised_at = actor, now
    begin(session, row, NEXT, Verb.RAISE, actor=actor, now=now)
    for member_id in tell:
        payload = {"type": "finding.raised", "id": row.id}
        send(session, channel="webhook", member_id=member_id, kind="finding.raised", payload=payload, now=now)
    facts = {"finding": row.id, "kind": row.kind.value, "cause": row.cause}
    record(session, "finding.raise", actor=actor, now=now, facts=facts)
    return row


def seal(session: Session, row: Finding, column: str, text: str) -> bytes:
    return vault.seal(session.keyring.vault_key, text.encode(), table="finding", row=row.id, column=column)
