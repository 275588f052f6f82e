"""`/regulator/entries/<entry>`: one entry's whole life, step by step, and each act and signature
verified in front of the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import render_template

from registry.access import Action, needs
from registry.amendments import queries as amendments
from registry.appeals import recusals
from registry.audit import proving
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case, Step
from registry.db import Session
from registry.entries import queries
from registry.log.actions import CaseKey, record
from registry.members.models import Member
from registry.reports import inspections
from registry.reports import queries as reports
from registry.web.context import actor, running
from registry.web.regulator.blueprint import bp


@dataclass(frozen=True, slots=True)
class Moment:
    """One act of the case, the transitions that it made, and what was verified of it."""

    verb: str
    actor: str
    at: datetime
    position: int | None
    steps: Sequence[Step]
    proven: proving.Proven


@bp.get("/regulator/entries/<entry_id>")
@needs(Action.ENTRY_LIST)
def entry(entry_id: str) -> str:
    run, who = running(), actor()
    with run.store.write() as session:
        found = queries.readable(session, actor=who, entry_id=entry_id, was_shown=False)
        case = session.get_one(Case, found.case_id)
        key = key_of(session, case)
        proven = proving.acts(session, key, policy=run.policy)
        signatures = proving.statements(session, key, proven)
        page = render_template(
            "regulator/entry.html",
            entry=found,
            status=queries.status_of(found, run.clock()),
            case=case,
            member=session.get_one(Member, found.member_id),
            words=_words(session, case, key),
            amendments=amendments.of_case(session, key),
            inspected=inspections.of_case(session, actor=who, case=case),
            challenges=recusals.of_case(session, case.id),
            moments=moments(session, key, proven),
            signatures=signatures,
            troubles=any(each.trouble for each in proven) or any(each.trouble for each in signatures),
        )
        facts = {"what": "entry", "entry": found.id}
        record(session, "regulator.read", actor=who.id, now=run.clock(), facts=facts, case=key)
    return page


def _words(session: Session, case: Case, key: CaseKey) -> dict[str, Any]:
    return reports.words_of(reports.of_case(session, case.id), key)


def moments(session: Session, key: CaseKey, proven: Sequence[proving.Proven]) -> list[Moment]:
    """The acts of the case, in order. Which steps an act made stands in its sealed row list, not in dates."""
    steps = {step.id: step for step in session.scalars(sa.select(Step).where(Step.case_id == key.case_id))}
    return [
        Moment(
            verb=each.act.verb,
            actor=each.act.actor,
            at=each.act.at,
            position=each.act.position,
            steps=_made(each.act, steps),
            proven=each,
        )
        for each in proven
    ]


def _made(act: acts.Opened, steps: Mapping[str, Step]) -> list[Step]:
    made = (steps[row] for table, row in act.rows if table == Step.__tablename__ and row in steps)
    return sorted(made, key=lambda step: (step.subject, step.number))
