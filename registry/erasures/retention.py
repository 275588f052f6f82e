"""What happens to ended cases by itself: proposed when their time is over, executed once a regulator has cosigned."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from registry.cases.models import Case
from registry.db import Session, Store
from registry.erasures import actions, endings
from registry.erasures.models import Erasure
from registry.erasures.rules import State
from registry.errors import Conflict

_log = structlog.get_logger("zilu.erasures")


def propose_due(store: Store, now: datetime, limit: int = 50) -> int:
    """Propose what is due, and make outdated lists anew; each in a transaction of its own. How many."""
    with store.read() as session:
        cases = [case.id for case in endings.due(session, now, limit)] + _outdated(session, now)
    return sum(_proposed(store, case_id, now) for case_id in cases)


def execute_cosigned(store: Store, now: datetime) -> int:
    """Forget what a regulator has cosigned; how many cases."""
    with store.read() as session:
        waiting = list(session.scalars(sa.select(Erasure.id).where(Erasure.state == State.COSIGNED)))
    return sum(_executed(store, erasure_id, now) for erasure_id in waiting)


def _outdated(session: Session, now: datetime) -> list[str]:
    """The cases that have moved on since their list was made, and may still be forgotten."""
    waiting = session.scalars(sa.select(Erasure).where(Erasure.state != State.EXECUTED)).all()
    return [row.case_id for row in waiting if _refusal(session, row, now) == "outdated"]


def _refusal(session: Session, row: Erasure, now: datetime) -> str | None:
    try:
        actions.require_current(session, row, now)
    except Conflict as error:
        return error.code
    return None


def _proposed(store: Store, case_id: str, now: datetime) -> bool:
    try:
        with store.write() as session:
            actions.propose(session, case=session.get_one(Case, case_id), actor=actions.CLOCK, now=now)
    except Conflict as error:
        _log.info("not yet", case=case_id, code=error.code)
        return False
    return True


def _executed(store: Store, erasure_id: str, now: datetime) -> bool:
    try:
        with store.write() as session:
            actions.execute(session, erasure=session.get_one(Erasure, erasure_id), now=now)
    except Conflict as error:
        _log.info("not yet", erasure=erasure_id, code=error.code)
        return False
    return True
