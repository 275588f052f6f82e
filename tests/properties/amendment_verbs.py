"""Verbs of amending what was screened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry import base64url
from registry.amendments import actions as amendments
from registry.amendments import rules
from registry.amendments.models import Amendment
from registry.db import Session
from registry.reports.models import Report
from tests.amending import SAID
from tests.cast import Person
from tests.conftest import ISSUER
from tests.properties.trial import Trial, last, verb


@verb
def amend(trial: Trial, session: Session, who: Person, place: int, dice: int) -> object:
    report, kind = last(session, Report, trial.case(session, place)), list(rules.Kind)[dice % 4]
    said: Mapping[str, Any] = {"report": report.id, "digest": base64url.encode(report.statement_digest), **SAID[kind]}
    token = trial.signed(who, rules.AMENDMENT, kind=kind.value, what=f"No. {dice}.", why="We looked again.", **said)
    return amendments.sign(
        session, actor=who.actor, report_id=report.id, token=token, issuer=ISSUER, now=trial.house.clock()
    )


@verb
def confirm_amendment(trial: Trial, session: Session, who: Person, place: int, _dice: int) -> object:
    row = last(session, Amendment, trial.case(session, place))
    token = trial.signed(who, rules.CONFIRMATION, amendment=base64url.encode(row.statement_digest))
    return amendments.confirm(
        session, actor=who.actor, amendment_id=row.id, token=token, issuer=ISSUER, now=trial.house.clock()
    )
