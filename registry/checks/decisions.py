"""What a unit decided after each hit, and which decisions it still owes.

A hit decides nothing: a named person does, after the candidate was told and heard. Who decided and why is sealed under
the case's key, and goes with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.cases.actions import key_of, seal, unseal
from registry.cases.models import Case
from registry.checks import outcome
from registry.checks.models import Batch, Check, HitDecision
from registry.checks.queries import require_check
from registry.checks.rules import VERDICTS, Verdict
from registry.db import Session, new_id
from registry.entries.models import Entry
from registry.errors import Conflict, Invalid, NotFound
from registry.log.actions import CaseKey, record
from registry.policy import REASONS_LENGTH, Purpose
from registry.reports.prose import verify_prose

DECIDER_LENGTH = 80
AHEAD = timedelta(hours=14)  # of UTC, where it is tomorrow first


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as it was recorded."""

    verdict: Verdict
    told_on: date
    by: str = field(repr=False)
    reasons: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """A hit without a decision. `at` is when the member was shown the entry, or told of it."""

    check: Check
    purpose: Purpose


def decide(
    session: Session,
    *,
    actor: Actor,
    check_id: str,
    verdict: str,
    by: str,
    told_on: date,
    reasons: str,
    now: datetime,
) -> HitDecision:
    """Record what a named person decided, once. Of a hiring check it also says whether the person was hired.

    Invalid names the field; Conflict when it was decided before, NotFound for a check without a hit.
    """
    check, key = _hit(session, actor, check_id)
    purpose = session.get_one(Batch, check.batch_id).purpose
    decided = _verdict(verdict, purpose)
    words = {
        "by": verify_prose(by, field="by", most=DECIDER_LENGTH),
        "reasons": verify_prose(reasons, field="reasons", most=REASONS_LENGTH),
    }
    if not check.at.astimezone(UTC).date() <= told_on <= (now.astimezone(UTC) + AHEAD).date():
        raise Invalid("the person must have been told on a day from the check until today", field="told_on")
    if _decision(session, check) is not None:
        raise Conflict("this was decided and recorded before; nothing was changed", code="outdated")
    if purpose is Purpose.HIRING:
        outcome.close(session, actor=actor, check_id=check.id, hired=decided is Verdict.HIRED, now=now)
    row = HitDecision(id=new_id(), check_id=check.id, account_id=actor.id, verdict=decided, at=now)
    row.told_on = datetime.combine(told_on, time(), UTC)
    row.sealed_words = seal(key, row, "sealed_words", json.dumps(words))
    session.add(row)
    record(session, "check.decide", actor=actor.id, now=now, facts={"check": check.id, "verdict": decided}, case=key)
    return row


def said(session: Session, *, actor: Actor, check_id: str) -> Said | None:
    """What was decided after this hit; None while nothing is, and once the case is erased."""
    check = require_check(session, actor, check_id)
    row, case = _decision(session, check), _case(session, check)
    if row is None or case is None or case.wrapped_key is None:
        return None
    words = json.loads(unseal(key_of(session, case), row, "sealed_words"))
    return Said(row.verdict, row.told_on.date(), words["by"], words["reasons"], row.at)


def owed(session: Session, *, actor: Actor, limit: int = 100) -> list[Owed]:
    """The hits of the actor's unit that nobody has decided upon, the oldest first; without those of erased cases."""
    require(actor, Action.CHECK_READ)
    hit = sa.func.coalesce(Check.later_entry_id, Check.entry_id)
    rows = session.execute(
        sa.select(Check, Batch.purpose)
        .join(Batch, Batch.id == Check.batch_id)
        .join(Entry, Entry.id == hit)
        .join(Case, Case.id == Entry.case_id)
        .where(Batch.unit_id == actor.unit_id, Case.wrapped_key.is_not(None))
        .where(~sa.exists().where(HitDecision.check_id == Check.id), Check.hired.is_(None))
        .order_by(Check.at, Check.id)
        .limit(limit)
    )
    return [Owed(check, purpose) for check, purpose in rows]


def _decision(session: Session, check: Check) -> HitDecision | None:
    return session.scalar(sa.select(HitDecision).where(HitDecision.check_id == check.id))


def _hit(session: Session, actor: Actor, check_id: str) -> tuple[Check, CaseKey]:
    check = require_check(session, actor, check_id)
    require(actor, Action.CHECK_CLOSE, member_id=check.member_id)
    case = _case(session, check)
    if case is None:
        raise NotFound("this check found no entry; there is nothing to decide", code="no-entry")
    return check, key_of(session, case)


def _case(session: Session, check: Check) -> Case | None:
    entry = session.get(Entry, check.later_entry_id or check.entry_id or "")
    return session.get_one(Case, entry.case_id) if entry is not None else None


def _verdict(text: str, purpose: Purpose) -> Verdict:
    if text not in VERDICTS[purpose]:
        raise Invalid("verdict must be {allowed}", field="verdict", allowed=" or ".join(VERDICTS[purpose]))
    return Verdict(text)
