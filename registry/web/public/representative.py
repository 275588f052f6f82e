"""`/case/representative`: the way in for whoever acts for the person of a case, with the code of their mandate."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.errors import Forbidden
from registry.mandates import actions
from registry.web.auth import admit_subject
from registry.web.context import running
from registry.web.errors import in_words
from registry.web.forms import Form
from registry.web.public.blueprint import bp


class MandateForm(Form):
    number = StringField(_("Case number"), [InputRequired(_("Enter the case number."))])
    code = StringField(_("Code of the mandate"), [InputRequired(_("Enter the code of the mandate."))])


@bp.route("/case/representative", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def representative() -> Response:
    form, token = MandateForm(), None
    if form.validate_on_submit():
        token = _entered(form)
    if token is None:
        page = render_template("public/representative.html", form=form)
        return make_response(page, 422 if form.errors else 200)
    response = make_response(redirect(url_for("subject.file")))
    admit_subject(response, token)
    return response


def _entered(form: MandateForm) -> str | None:
    run = running()
    try:
        with run.store.write() as session:
            return actions.enter(session, number=form.number.data, code=form.code.data, now=run.clock())
    except Forbidden as error:
        form.code.errors = [in_words(error)]
        return None
