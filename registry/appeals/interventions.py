"""A regulator speaks to the panel: a statement that both sides and the panel read, before anyone has voted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry.access import Action, Actor, require
from registry.appeals import queries, rules
from registry.appeals.models import Appeal, Intervention
from registry.appeals.rules import State
from registry.cases.actions import key_of, seal, unseal
from registry.cases.models import Case
from registry.db import Session, new_id
from registry.errors import Conflict
from registry.log.actions import CaseKey, record
from registry.notices.actions import send
from registry.reports.prose import verify_prose

_OPEN: Final = frozenset({State.PROOFED, State.ADMITTED, State.ANSWERED})


def intervene(session: Session, *, actor: Actor, appeal: Appeal, text: str, now: datetime) -> Intervention:
    """Put a statement before the panel; the filing member is told. Conflict once the appeal has been heard."""
    require(actor, Action.APPEAL_INTERVENE)
    verify_prose(text, field="text", most=rules.TEXT_LENGTH)
    queries.hold(session, appeal)
    if appeal.state not in _OPEN:
        raise Conflict(
            "this appeal is {state}; nothing is put to its panel now: a regulator may do so until the hearing",
            code="not-allowed-now",
            state=appeal.state.value,
        )
    key = key_of(session, session.get_one(Case, appeal.case_id))
    row = Intervention(id=new_id(), appeal_id=appeal.id, case_id=appeal.case_id, account_id=actor.id, made_at=now)
    row.sealed_text = seal(key, row, "sealed_text", text)
    session.add(row)
    payload = {"type": "appeal.intervention", "id": appeal.id}
    send(session, channel="webhook", member_id=appeal.member_id, kind="appeal.intervention", payload=payload, now=now)
    record(session, "appeal.intervene", actor=actor.id, now=now, facts={"appeal": appeal.id}, case=key)
    return row


def texts_of(session: Session, appeal: Appeal, key: CaseKey) -> tuple[str, ...]:
    """What regulators have put to the panel, in order."""
    rows = sa.select(Intervention).where(Intervention.appeal_id == appeal.id)
    return tuple(
        unseal(key, row, "sealed_text") for row in session.scalars(rows.order_by(Intervention.made_at, Intervention.id))
    )
