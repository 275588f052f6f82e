"""`/check/<check>/decision`: what a named person decided after a hit; `…/letter`: telling the person before."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.checks import actions, decisions, queries
from registry.checks.models import Batch
from registry.checks.rules import VERDICTS, Verdict
from registry.db import Session
from registry.errors import Invalid
from registry.members.models import Member
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, DayField, Form, options

WORDS = {
    Verdict.HIRED: _("The person is hired"),
    Verdict.NOT_HIRED: _("The person is not hired"),
    Verdict.STAYS: _("The person stays with us"),
    Verdict.LEAVES: _("The person leaves us"),
}


class DecisionForm(Form):
    told_on = DayField(
        _("When was the person told of the hit and heard?"),
        [InputRequired(_("Enter the day on which the person was told."))],
    )
    by = StringField(
        _("Who decided"),
        [InputRequired(_("Enter who decided.")), AtMost(decisions.DECIDER_LENGTH, _("The name"))],
    )
    verdict = RadioField(
        _("What was decided?"), [Chosen(Verdict, _("Select what was decided."))], validate_choice=False
    )
    reasons = TextAreaField(
        _("Why?"), [InputRequired(_("Enter the reasons.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))]
    )


@bp.route("/check/<check_id>/decision", methods=["GET", "POST"])
@needs(Action.CHECK_CLOSE)
def decision(check_id: str) -> Response:
    run, form = running(), DecisionForm()
    with run.store.read() as session:
        said = decisions.said(session, actor=actor(), check_id=check_id)
        form.verdict.choices = options({v: WORDS[v] for v in VERDICTS[_purpose(session, check_id)]})
    if said is None and form.validate_on_submit() and _recorded(form, check_id):
        return redirect(url_for("checker.decision", check_id=check_id))
    page = render_template("checker/decision.html", form=form, said=said, check_id=check_id, words=WORDS)
    return make_response(page, 422 if form.errors else 200)


@bp.get("/check/<check_id>/letter")
@needs(Action.CHECK_READ)
def letter(check_id: str) -> str:
    """To print: what the member tells the person before it decides. The name is written in by hand."""
    run = running()
    with run.store.write() as session:
        details = actions.details(session, actor=actor(), check_id=check_id, now=run.clock())
        purpose = _purpose(session, check_id)
        member = session.get_one(Member, actor().member_id).name
    return render_template("checker/letter.html", details=details, member=member, on=run.clock(), purpose=purpose)


def _recorded(form: DecisionForm, check_id: str) -> bool:
    run, told_on = running(), form.told_on.data
    if told_on is None:
        return False
    try:
        with run.store.write() as session:
            decisions.decide(
                session,
                actor=actor(),
                check_id=check_id,
                verdict=form.verdict.data,
                by=form.by.data.strip(),
                told_on=told_on,
                reasons=form.reasons.data.replace("\r\n", "\n"),
                now=run.clock(),
            )
    except Invalid as error:
        form.refuse(error)
        return False
    return True


def _purpose(session: Session, check_id: str) -> policy.Purpose:
    return session.get_one(Batch, queries.require_check(session, actor(), check_id).batch_id).purpose
