"""Verbs of orders, findings, reviews and erasures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from registry import base64url
from registry.checks.models import Check
from registry.db import Session
from registry.erasures import actions as erasures
from registry.erasures import rules as erasure_rules
from registry.erasures.models import Erasure
from registry.findings import actions as findings
from registry.findings import never_applied
from registry.findings.models import Finding
from registry.orders import actions as orders
from registry.orders import lifting
from registry.orders import rules as order_rules
from registry.orders.models import Order
from registry.reviews import actions as reviews
from registry.reviews.models import Review
from tests.cast import Person
from tests.conftest import ISSUER
from tests.properties.trial import Trial, last, nothing, verb

DAYS = 86_400  # seconds


@verb
def order(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    case, now = trial.case(session, place), trial.house.clock()
    instruction = ("suspend", "suspend", "preserve", "erase")[dice % 4]
    said = {"case": case.number, "instruction": instruction, "ground": "Article 103", "authority": "A court"}
    until = int(now.timestamp()) + (2 + dice) * DAYS
    token = trial.signed(who, order_rules.ORDER, reference=f"No. {dice}", until=until, **said)
    return orders.issue(session, actor=who.actor, statement=token, issuer=ISSUER, now=now)


@verb
def confirm(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    row = last(session, Order, trial.case(session, place))
    token = trial.signed(who, order_rules.CONFIRMATION, order=base64url.encode(row.statement_digest))
    now = trial.house.clock()
    return orders.confirm(session, actor=who.actor, order_id=row.id, statement=token, issuer=ISSUER, now=now)


@verb
def lift(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    row = last(session, Order, trial.case(session, place))
    said = {"order": base64url.encode(row.statement_digest), "ground": "Article 111", "authority": "A court"}
    token = trial.signed(who, order_rules.WITHDRAWAL, reference=f"No. {dice % 2}", **said)
    now = trial.house.clock()
    return lifting.withdraw(session, actor=who.actor, order_id=row.id, statement=token, issuer=ISSUER, now=now)


@verb
def demand(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    member = trial.case(session, place).member_id
    return findings.demand(session, actor=who.actor, member_id=member, text="Explain.", now=trial.house.clock())


@verb
def dispute(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    """“I never applied there.”"""
    case = trial.case(session, place)
    about = sa.select(Check.id).where(Check.handle == case.subject_handle).order_by(Check.at, Check.id)
    check_id = session.scalars(about).first() or nothing()
    return never_applied.never_applied(session, case=case, check_id=check_id, now=trial.house.clock())


@verb
def explain(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    return findings.answer(
        session, actor=who.actor, finding=_finding(session, place), text="It was late.", now=trial.house.clock()
    )


@verb
def satisfied(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    return findings.close(session, actor=who.actor, finding=_finding(session, place), now=trial.house.clock())


def _finding(session: Session, place: int) -> Any:
    rows = session.scalars(sa.select(Finding).order_by(Finding.raised_at.desc(), Finding.id)).all()
    return rows[place % len(rows)] if rows else nothing()


@verb
def apply(trial: Trial, session: Session, _who: Person, place: int, dice: int) -> object:
    ground = ("time-served", "acquitted")[dice % 2]
    case, now = trial.case(session, place), trial.house.clock()
    return reviews.apply(session, case=case, ground=ground, text="It is enough.", now=now)


@verb
def review(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    row, now = last(session, Review, trial.case(session, place)), trial.house.clock()
    said: Mapping[str, Any] = {"end": bool(dice % 2), "reasons": "I looked.", "now": now}
    return reviews.decide(session, actor=who.actor, review_id=row.id, **said)


@verb
def propose(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    return erasures.propose_by(session, actor=who.actor, case=trial.case(session, place), now=trial.house.clock())


@verb
def open_list(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    row = last(session, Erasure, trial.case(session, place))
    return erasures.open_list(session, actor=who.actor, erasure_id=row.id, now=trial.house.clock())


@verb
def cosign(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    row, now = last(session, Erasure, trial.case(session, place)), trial.house.clock()
    said = erasure_rules.claims(erasure=row.id, case=row.case_id, ground=row.ground, positions=row.positions)
    token = trial.signed(who, erasure_rules.TYP, **said)
    return erasures.cosign(session, actor=who.actor, erasure_id=row.id, statement=token, issuer=ISSUER, now=now)
