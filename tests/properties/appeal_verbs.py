"""Verbs of appeals and panels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from registry import base64url
from registry.appeals import actions as appeals
from registry.appeals import admission, draw, proofing, queries, silence
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal
from registry.db import Session
from registry.panels import actions as panels
from registry.panels.rules import Choice
from tests.cast import Person
from tests.conftest import ISSUER
from tests.properties.trial import Trial, last, nothing, verb


@verb
def lodge(trial: Trial, session: Session, _who: Person, place: int, dice: int) -> object:
    lane = ("normal", "urgent")[dice % 2]
    said: Mapping[str, Any] = {"grounds": ["not-true"], "text": "I was away.", "lane": lane}
    return appeals.lodge(session, case=trial.case(session, place), now=trial.house.clock(), **said)


@verb
def attest(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    case, now = trial.case(session, place), trial.house.clock()
    tag = trial.tag_of(session, case)
    said = {"exp": int(now.timestamp()) + 600, "sub": base64url.encode(tag), "case": case.number}
    token = trial.signed(who, proofing.TYP, **said)
    return proofing.attest(session, actor=who.actor, number=case.number, attestation=token, issuer=ISSUER, now=now)


@verb
def admit(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    return admission.admit(session, actor=who.actor, appeal=appeal, reasons="In time.", now=trial.house.clock())


@verb
def reject(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    appeal, ground = last(session, Appeal, trial.case(session, place)), list(Inadmissible)[dice % 3]
    said: Mapping[str, Any] = {"ground": ground, "reasons": "Nothing new."}
    return admission.refuse(session, actor=who.actor, appeal=appeal, now=trial.house.clock(), **said)


@verb
def offer(trial: Trial, session: Session, _who: Person, place: int, dice: int) -> object:
    """The subject's nonce; the worker draws."""
    appeal = last(session, Appeal, trial.case(session, place))
    nonce = hashlib.sha256(f"{appeal.id}{dice}".encode()).digest()
    return draw.offer_nonce(session, appeal=appeal, nonce=nonce, now=trial.house.clock())


@verb
def silent(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    row = queries.draw_of(session, appeal.id) or nothing()
    leaf = base64url.encode(draw.admission_leaf(session, row))  # type: ignore[arg-type]
    token = trial.signed(who, silence.TYP, appeal=appeal.id, case=row.name, admission=leaf)  # type: ignore[union-attr]
    return silence.attest(
        session, actor=who.actor, appeal=appeal, statement=token, issuer=ISSUER, now=trial.house.clock()
    )


@verb
def answer(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    token = trial.signed(who, appeals.ANSWER, appeal=appeal.id, text="The log shows the account in use.")
    said: Mapping[str, Any] = {"statement": token, "issuer": ISSUER, "now": trial.house.clock()}
    return appeals.answer(session, actor=who.actor, appeal=appeal, **said)


@verb
def hear(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    return panels.hear(session, actor=who.actor, appeal=appeal, notes="All were heard.", now=trial.house.clock())


@verb
def vote(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    choice = list(Choice)[dice % len(Choice)]
    how: Mapping[str, Any] = {Choice.SHORTEN: {"term_days": 50}, Choice.CORRECT: {"level": 1}}.get(choice, {})
    return panels.vote(
        session, actor=who.actor, appeal=appeal, choice=choice, reasons="So it was.", now=trial.house.clock(), **how
    )


@verb
def step_down(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    appeal = last(session, Appeal, trial.case(session, place))
    return draw.step_down(session, actor=who.actor, appeal=appeal, now=trial.house.clock())


@verb
def declare(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    case, now = trial.case(session, place), trial.house.clock()
    interest: Mapping[str, Any] = {"member_id": case.member_id} if dice % 4 == 0 else {"case_number": case.number}
    return admission.declare(session, actor=who.actor, now=now, **interest)


@verb
def contest(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    case = trial.case(session, place)
    return appeals.contest(session, case=case, text="Nobody asked the witness.", now=trial.house.clock())


@verb
def give_up(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    return appeals.withdraw(session, case=trial.case(session, place), now=trial.house.clock())


@verb
def state(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    return appeals.state(session, case=trial.case(session, place), text="It was not me.", now=trial.house.clock())
