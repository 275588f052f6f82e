"""`/case/answer`: what the person says to the company and the screener about the report; and more time to say it."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.reports import answering, queries
from registry.reports.models import Representation
from registry.reports.rules import State
from registry.web.acting import done
from registry.web.context import case_id, running
from registry.web.forms import AtMost, Form, typed
from registry.web.subject.blueprint import bp


class AnswerForm(Form):
    text = TextAreaField(
        _("Your answer"), [InputRequired(_("Enter your answer.")), AtMost(answering.TEXT_LENGTH, _("Your answer"))]
    )
    late_reasons = TextAreaField(_("Why it comes late"), [AtMost(policy.REASONS_LENGTH, _("The reasons"))])


@bp.route("/case/answer", methods=["GET", "POST"])
@needs(Action.CASE_ANSWER)
def answer() -> Response:
    form = AnswerForm()
    if form.validate_on_submit() and done(form, lambda session, now: _made(session, form, now)):
        return redirect(url_for("subject.answer", _anchor="said"))
    return make_response(_page(form), 422 if form.errors else 200)


@bp.post("/case/extension")
@needs(Action.CASE_ANSWER)
def extend() -> Response:
    """More time, for the asking."""
    run = running()
    with run.store.write() as session:
        answering.extend_as_subject(session, case=session.get_one(Case, case_id()), now=run.clock())
    return redirect(url_for("subject.answer"))


def _made(session: Session, form: AnswerForm, now: datetime) -> Representation:
    late, case = typed(form.late_reasons.data), session.get_one(Case, case_id())
    return answering.represent(session, case=case, text=typed(form.text.data), late_reasons=late or None, now=now)


def _page(form: AnswerForm) -> str:
    run = running()
    with run.store.read() as session:
        case = session.get_one(Case, case_id())
        report = queries.of_case(session, case.id)
        closes = report.window_closes_at
        return render_template(
            "subject/answer.html",
            form=form,
            text_length=answering.TEXT_LENGTH,
            said=answering.said(session, case.id, key_of(session, case)),
            closes=closes,
            late=closes is not None and closes <= run.clock(),
            may_extend=report.state is State.NOTICED and _may_extend(session, case, closes, run.clock()),
        )


def _may_extend(session: Session, case: Case, closes: datetime | None, now: datetime) -> bool:
    return closes is not None and now < closes and answering.extension_of(session, case.id) is None
