"""`/regulator/entries/<entry>/shown`: the entry as it was shown, to whom, on which day; and who was told later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from flask import make_response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug import Response

from registry.access import Action, needs
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case, Step
from registry.checks.models import Batch, Check
from registry.db import Session
from registry.entries import queries
from registry.entries.models import Entry
from registry.log.actions import CaseKey, record
from registry.members.actions import names as member_names
from registry.recalls.models import Recall
from registry.web.context import actor, running
from registry.web.forms import DayField, Form
from registry.web.regulator.blueprint import bp


class DayForm(Form):
    class Meta:
        csrf = False  # it asks, and changes nothing

    on = DayField(_("On which day?"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One check that met the entry, and the state that it was then in."""

    check: Check
    member: str
    purpose: str
    state: str | None
    read: list[datetime]  # when what stands in it was read


@bp.get("/regulator/entries/<entry_id>/shown")
@needs(Action.ENTRY_LIST)
def shown(entry_id: str) -> Response:
    run, who = running(), actor()
    form = DayForm(request.args if _asks() else None)
    valid = not _asks() or form.validate()
    with run.store.write() as session:
        entry = queries.readable(session, actor=who, entry_id=entry_id, was_shown=False)
        key = key_of(session, session.get_one(Case, entry.case_id))
        on = form.on.data if valid and _asks() else None
        page = render_template(
            "regulator/shown.html",
            form=form,
            entry=entry,
            on=on,
            state=_state_at(session, entry, _end(on)) if on else None,
            rows=_rows(session, entry, key, on),
            recalls=_recalls(session, entry),
        )
        facts = {"what": "shown", "entry": entry.id}
        record(session, "regulator.read", actor=who.id, now=run.clock(), facts=facts, case=key)
    return make_response(page, 200 if valid else 422)


def _asks() -> bool:
    return any(name.startswith("on-") for name in request.args)


def _end(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def _rows(session: Session, entry: Entry, key: CaseKey, on: date | None) -> list[Shown]:
    """The checks that met the entry, of that day or of all; the newest first."""
    met = sa.or_(Check.entry_id == entry.id, Check.later_entry_id == entry.id)
    wanted = sa.select(Check, Batch).join(Batch, Batch.id == Check.batch_id).where(met)
    if on is not None:
        wanted = wanted.where(Check.at >= _end(on) - timedelta(days=1), Check.at < _end(on))
    read: dict[str, list[datetime]] = {}
    for act in acts.of_case(session, key):
        if act.verb == "check.details":
            read.setdefault(str(act.facts.get("check")), []).append(act.at)
    names = member_names(session)
    return [
        Shown(
            check,
            names[check.member_id],
            batch.purpose.value,
            _state_at(session, entry, check.at),
            read.get(check.id, []),
        )
        for check, batch in session.execute(wanted.order_by(Check.at.desc(), Check.id))
    ]


def _state_at(session: Session, entry: Entry, at: datetime) -> str | None:
    """The state that its steps had led to by then; None before its listing."""
    steps = sa.select(Step.after).where(Step.subject == f"entry:{entry.id}", Step.at <= at)
    return session.scalar(steps.order_by(Step.number.desc()).limit(1))


def _recalls(session: Session, entry: Entry) -> Sequence[Recall]:
    told = sa.select(Recall).where(Recall.entry_id == entry.id)
    return session.scalars(told.order_by(Recall.issued_at, Recall.id)).all()
