"""Who has asked about a person, why, and what they were shown: for the person themselves.

Known by the handle, before a listing and after it, for as long as a check keeps it; and by the entry for good, for
whoever was shown one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from registry.cases import acts
from registry.cases.models import Case
from registry.checks.models import Batch, Check
from registry.checks.rules import Outcome
from registry.db import Session
from registry.entries.models import Entry
from registry.log.actions import CaseKey
from registry.members.models import Member
from registry.policy import Consent, Purpose


@dataclass(frozen=True, slots=True)
class Asked:
    """One check of the person. `read_at` are the times at which the member read what stands behind the hit."""

    check_id: str
    member_id: str
    member: str
    at: datetime
    purpose: Purpose
    consent: Consent
    outcome: Outcome
    was_told_later: bool
    read_at: tuple[datetime, ...]


def asked_about(session: Session, case: Case, key: CaseKey) -> list[Asked]:
    """The newest first."""
    entries = sa.select(Entry.id).where(Entry.case_id == case.id)
    shown = sa.or_(Check.entry_id.in_(entries), Check.later_entry_id.in_(entries))
    rows = session.execute(
        sa.select(Check, Batch.purpose, Batch.consent, Member.name)
        .join(Batch, Batch.id == Check.batch_id)
        .join(Member, Member.id == Check.member_id)
        .where(sa.or_(Check.handle == case.subject_handle, shown))
        .order_by(Check.at.desc(), Check.id)
    )
    read = _read(session, key)
    return [
        Asked(
            check_id=check.id,
            member_id=check.member_id,
            member=name,
            at=check.at,
            purpose=purpose,
            consent=consent,
            outcome=check.outcome,
            was_told_later=check.later_entry_id is not None,
            read_at=tuple(read.get(check.id, ())),
        )
        for check, purpose, consent, name in rows
    ]


def _read(session: Session, key: CaseKey) -> dict[str, list[datetime]]:
    """When the details of each hit were read: each time is an act of the case."""
    found: dict[str, list[datetime]] = {}
    for act in acts.of_case(session, key):
        if act.verb == "check.details":
            found.setdefault(act.facts["check"], []).append(act.at)
    return found
