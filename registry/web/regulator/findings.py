"""`/regulator/findings`: what is demanded of whom, until when; demand something; close what is answered."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.db import Session
from registry.entries.models import Entry
from registry.errors import NotFound
from registry.findings import actions
from registry.findings.models import Finding
from registry.findings.queries import readable
from registry.findings.rules import State
from registry.log.actions import record
from registry.members.models import Kind, Member
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form
from registry.web.regulator.blueprint import bp

ROWS = 200


class DemandForm(Form):
    member = SelectField(_("Of whom?"), [InputRequired(_("Select a member."))], validate_choice=False)
    entry = HiddenField()
    text = TextAreaField(
        _("What do you demand?"),
        [InputRequired(_("Enter the demand.")), AtMost(policy.REASONS_LENGTH, _("The demand"))],
    )


@bp.get("/regulator/findings")
@needs(Action.FINDING_RAISE)
def findings() -> str:
    """Those that are open first, by their deadline; `state` narrows."""
    run, wanted = running(), request.args.get("state", "")
    rows = sa.select(Finding).order_by(Finding.closed_at.is_not(None), Finding.due_at, Finding.id).limit(ROWS)
    if wanted:
        rows = rows.where(Finding.state == State(wanted)) if wanted in set(State) else rows.where(sa.false())
    with run.store.read() as session:
        found = session.scalars(rows).all()
        return render_template("regulator/findings.html", findings=found, wanted=wanted, states=State, now=run.clock())


@bp.route("/regulator/findings/new", methods=["GET", "POST"])
@needs(Action.FINDING_RAISE)
def new_finding() -> Response:
    run, form = running(), DemandForm()
    with run.store.read() as session:
        entry = _about(session, form)
        carriers = session.scalars(sa.select(Member).where(Member.kind == Kind.CARRIER).order_by(Member.name))
        form.member.choices = [("", str(_("Select"))), *((member.id, member.name) for member in carriers)]
    if form.validate_on_submit() and (raised := done(form, lambda session, now: _raised(session, form, now))):
        return redirect(url_for("regulator.finding", finding_id=raised))
    return make_response(
        render_template(
            "regulator/new_finding.html", form=form, entry=entry, limit=run.clock() + policy.FINDING_ANSWER
        ),
        422 if form.errors else 200,
    )


@bp.get("/regulator/findings/<finding_id>")
@needs(Action.FINDING_RAISE)
def finding(finding_id: str) -> str:
    run, who = running(), actor()
    with run.store.write() as session:
        row = readable(session, actor=who, finding_id=finding_id, action=Action.FINDING_READ)
        demand, answer = (actions.words_of(session, row, name) for name in ("sealed_demand", "sealed_answer"))
        facts = {"what": "finding", "finding": row.id}
        record(session, "regulator.read", actor=who.id, now=run.clock(), facts=facts)
        return render_template("regulator/finding.html", finding=row, demand=demand, answer=answer, now=run.clock())


@bp.post("/regulator/findings/<finding_id>/closing")
@needs(Action.FINDING_RAISE)
def close_finding(finding_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        row = session.get(Finding, finding_id)
        if row is None:
            raise NotFound("there is no such finding")
        actions.close(session, actor=actor(), finding=row, now=run.clock())
    return redirect(url_for("regulator.finding", finding_id=finding_id))


def _about(session: Session, form: DemandForm) -> Entry | None:
    """The entry that the page was opened for, whose member is meant unless another is chosen."""
    wanted = form.entry.data or request.args.get("entry", "")
    entry = session.get(Entry, wanted) if wanted else None
    if entry is not None:
        form.entry.data, form.member.data = entry.id, form.member.data or entry.member_id
    return entry


def _raised(session: Session, form: DemandForm, now: datetime) -> str:
    about = {"member_id": form.member.data, "entry_id": form.entry.data or None}
    return actions.demand(session, actor=actor(), text=form.text.data, now=now, **about).id
