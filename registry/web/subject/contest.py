"""`/case/appeal/contest`: take a decision to the second instance, where three others decide anew."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.appeals import actions
from registry.appeals.rules import TEXT_LENGTH
from registry.cases.models import Case
from registry.errors import Invalid
from registry.web.context import actor, case_id, running
from registry.web.forms import AtMost, Form
from registry.web.subject.blueprint import bp


class ContestForm(Form):
    text = TextAreaField(
        _("What is wrong with the decision"),
        [InputRequired(_("Enter what is wrong with the decision.")), AtMost(TEXT_LENGTH, _("What is wrong"))],
    )


@bp.route("/case/appeal/contest", methods=["GET", "POST"])
@needs(Action.APPEAL_LODGE)
def contest() -> Response:
    form = ContestForm()
    if form.validate_on_submit() and _contested(form):
        return redirect(url_for("subject.file", _anchor="appeals"))
    return make_response(render_template("subject/contest.html", form=form), 422 if form.errors else 200)


def _contested(form: ContestForm) -> bool:
    run = running()
    try:
        with run.store.write() as session:
            case = session.get_one(Case, case_id())
            actions.contest(session, case=case, text=form.text.data, now=run.clock(), by=actor().id)
    except Invalid as error:
        form.refuse(error)
        return False
    return True
