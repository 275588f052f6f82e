"""`/clerk/cases/<number>`: a case's letters and the time to answer; more time, for reasons. Nothing of the report."""

from __future__ import annotations

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.cases.actions import require_on
from registry.cases.models import Case
from registry.db import Session
from registry.notices.models import Notice
from registry.panels.evidence import case_of
from registry.reports import answering, inspections, queries
from registry.reports.rules import State
from registry.web.acting import done
from registry.web.clerk.blueprint import bp
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form, Whole, typed, whole


class ExtensionForm(Form):
    days = StringField(
        _("How many days more?"),
        [
            Whole(
                1,
                policy.EXTENSION.days,
                _("Enter a whole number of days from 1 to %(most)s.", most=policy.EXTENSION.days),
            )
        ],
    )
    reasons = TextAreaField(
        _("Your reasons"),
        [InputRequired(_("Enter your reasons.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))],
    )


@bp.get("/clerk/cases/<number>")
@needs(Action.LETTER_READ)
def case(number: str) -> str:
    run = running()
    with run.store.read() as session:
        found = _theirs(session, number, Action.LETTER_READ)
        report, extension = queries.of_case(session, found.id), answering.extension_of(session, found.id)
        closes = report.window_closes_at
        runs = report.state is State.NOTICED and closes is not None and closes > run.clock()
        letters = sa.select(Notice).where(Notice.case_id == found.id).order_by(Notice.drafted_at, Notice.id)
        return render_template(
            "clerk/case.html",
            number=found.number,
            report=report,
            extension=extension,
            may_extend=runs and extension is None,
            annexes=inspections.annexed(session, found),
            inspected=inspections.of_case(session, actor=actor(), case=found),
            letters=session.scalars(letters).all(),
        )


@bp.route("/clerk/cases/<number>/extension", methods=["GET", "POST"])
@needs(Action.WINDOW_EXTEND)
def extend(number: str) -> Response:
    """Once, whoever asked; the person asks on their own page and needs no reasons."""
    form = ExtensionForm()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: answering.extend(
            session,
            actor=actor(),
            number=number,
            days=whole(form.days.data) or 0,
            reasons=typed(form.reasons.data),
            now=now,
        ),
    ):
        return redirect(url_for("clerk.case", number=number))
    with running().store.read() as session:
        _theirs(session, number, Action.WINDOW_EXTEND)
    page = render_template("clerk/extension.html", form=form, number=number, most=policy.REASONS_LENGTH)
    return make_response(page, 422 if form.errors else 200)


def _theirs(session: Session, number: str, action: Action) -> Case:
    """NotFound, or Forbidden for a case of the clerk's own member or of one of its group."""
    found = case_of(session, number)
    require_on(session, actor(), action, found)
    return found
