"""Verbs of filing, screening, service, answering and checking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from registry.checks import actions as checks
from registry.checks.models import Check
from registry.checks.outcome import close as close_check
from registry.db import Session
from registry.identity import tags
from registry.notices import actions as notices
from registry.notices.models import Notice
from registry.notices.rules import Delivery, Route
from registry.recalls import actions as recalls
from registry.recalls.models import Recall
from registry.reports import actions as reports
from registry.reports import answering, screening, serving, versions
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Report
from registry.reports.rules import Ground, Verdict
from registry.watches import actions as watches
from registry.watches.models import Watch
from tests.cast import Person
from tests.conftest import ISSUER
from tests.filing import CONTACT, EXHIBIT, SHA256, claims, countersignature, sign
from tests.listing import question
from tests.properties.trial import Trial, last, nothing, verb


@verb
def file(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    now, tag = trial.house.clock(), trial.accused[place % len(trial.accused)][0]
    put_exhibit(session, actor=who.actor, sha256=SHA256, data=EXHIBIT, now=now)
    payload = claims(who, tag, now, term_days=(60, 365)[dice % 2])
    filed = reports.file(
        session, actor=who.actor, token=sign(trial.signer(who), payload), contact=CONTACT, issuer=ISSUER,
        sealing_public=trial.house.holder.public().sealing_public, now=now,
    )  # fmt: skip
    trial.cases.append(filed.case.id)
    return filed


@verb
def replace(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    now, case = trial.house.clock(), trial.case(session, place)
    report = last(session, Report, case)
    put_exhibit(session, actor=who.actor, sha256=SHA256, data=EXHIBIT, now=now)
    tag = trial.tag_of(session, case)
    token = sign(trial.signer(who), claims(who, tag, now, reasons=f"Version {dice}: repeated, and for gain."))
    return versions.replace(
        session, actor=who.actor, report_id=report.id, token=token, contact=CONTACT, issuer=ISSUER, now=now
    )


@verb
def countersign(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    now, case = trial.house.clock(), trial.case(session, place)
    report = last(session, Report, case)
    tag = trial.tag_of(session, case)
    token = countersignature(trial.signer(who), report, tag, now)
    return reports.countersign(session, actor=who.actor, report_id=report.id, token=token, issuer=ISSUER, now=now)


@verb
def screen(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    return _screen(trial, session, who, place, Verdict.ACCEPT, None)


@verb
def refuse(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    return _screen(trial, session, who, place, Verdict.REFUSE, Ground.OUT_OF_SCOPE)


def _screen(trial: Trial, session: Session, who: Person, place: int, verdict: Verdict, ground: Ground | None) -> object:
    report = last(session, Report, trial.case(session, place))
    said: Mapping[str, Any] = {"verdict": verdict, "ground": ground, "reasons": "I looked.", "issuer": ISSUER}
    return screening.screen(session, actor=who.actor, report_id=report.id, now=trial.house.clock(), **said)


@verb
def withdraw(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    report = last(session, Report, trial.case(session, place))
    return reports.withdraw(session, actor=who.actor, report_id=report.id, reason="A mistake.", now=trial.house.clock())


# Service, and the person's answer


@verb
def print_letter(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    letter = last(session, Notice, trial.case(session, place))
    return notices.pull(session, letter_id=letter.id, actor=who.actor, now=trial.house.clock())


@verb
def serve(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    letter, now = last(session, Notice, trial.case(session, place)), trial.house.clock()
    said: Mapping[str, Any] = {"delivery": Delivery.IN_PERSON, "on": now, "proof": "signed"}
    return serving.record_service(session, actor=who.actor, letter_id=letter.id, now=now, **said)


@verb
def send(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    letter, now = last(session, Notice, trial.case(session, place)), trial.house.clock()
    said: Mapping[str, Any] = {"route": (Route.POST, Route.MAIL)[dice % 2], "on": now, "proof": "XB 1"}
    return serving.record_attempt(session, actor=who.actor, letter_id=letter.id, now=now, **said)


@verb
def send_again(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    letter, now = last(session, Notice, trial.case(session, place)), trial.house.clock()
    return serving.replace_letter(
        session, actor=who.actor, letter_id=letter.id, reason="It came back.", issuer=ISSUER, now=now
    )


@verb
def extend(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    case, now = trial.case(session, place), trial.house.clock()
    return answering.extend(session, actor=who.actor, number=case.number, days=1 + dice % 15, reasons="Ill.", now=now)


@verb
def extend_oneself(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    return answering.extend_as_subject(session, case=trial.case(session, place), now=trial.house.clock())


@verb
def represent(trial: Trial, session: Session, _who: Person, place: int, _dice: int) -> object:
    said = {"text": "It was not me.", "late_reasons": "I was away."}
    return answering.represent(session, case=trial.case(session, place), now=trial.house.clock(), **said)


# Checks


@verb
def check(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    holder, now = trial.house.holder, trial.house.clock()
    tag, document = trial.accused[place % len(trial.accused)]
    asked = question([tag], purpose=("hiring", "present-staff")[dice % 2])
    paid = holder.evaluate(member=who.actor.member_id, account=who.actor.id, elements=[tags.blind(document).element])
    checks.admit(session, actor=who.actor, evaluation=paid, keys=holder.public(), now=now)
    return checks.ask(session, actor=who.actor, question=asked, ticket=paid.ticket, holder=holder, now=now)


@verb
def details(trial: Trial, session: Session, who: Person, _place: int, _dice: int) -> object:
    hit = session.scalars(sa.select(Check).where(Check.entry_id.is_not(None)).order_by(Check.at.desc())).first()
    return checks.details(session, actor=who.actor, check_id=hit.id if hit else nothing(), now=trial.house.clock())


@verb
def close(trial: Trial, session: Session, who: Person, _place: int, dice: int) -> object:
    found = session.scalars(sa.select(Check).order_by(Check.at.desc(), Check.id)).first()
    check_id = found.id if found else nothing()
    return close_check(session, actor=who.actor, check_id=check_id, hired=bool(dice % 2), now=trial.house.clock())


@verb
def watch(trial: Trial, session: Session, who: Person, _place: int, _dice: int) -> object:
    found = session.scalars(sa.select(Check).order_by(Check.at.desc(), Check.id)).first()
    checked = [found.id if found else nothing()]
    return watches.begin(session, actor=who.actor, checks=checked, days=90, now=trial.house.clock())


@verb
def unwatch(trial: Trial, session: Session, who: Person, _place: int, _dice: int) -> object:
    found = session.scalars(sa.select(Watch)).first()
    return watches.cancel(session, actor=who.actor, watch_id=found.id if found else nothing(), now=trial.house.clock())


@verb
def acknowledge(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    open_ = session.scalars(sa.select(Recall).where(Recall.acknowledged_at.is_(None)).order_by(Recall.id)).all()
    recall_id = open_[place % len(open_)].id if open_ else nothing()
    now = trial.house.clock()
    return recalls.acknowledge(session, actor=who.actor, recall_id=recall_id, statement=None, issuer=ISSUER, now=now)
