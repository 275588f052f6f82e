"""`/case/statement`: the person's own words, shown with the entry to whoever is shown the entry."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.appeals import actions
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.errors import Invalid
from registry.web.context import actor, case_id, running
from registry.web.forms import AtMost, Form
from registry.web.subject.blueprint import bp
from registry.web.subject.file import statement_of


class StatementForm(Form):
    text = TextAreaField(
        _("Your statement"),
        [InputRequired(_("Enter your statement.")), AtMost(policy.STATEMENT_LENGTH, _("Your statement"))],
    )


@bp.route("/case/statement", methods=["GET", "POST"])
@needs(Action.STATEMENT_MAKE)
def statement() -> Response:
    form = StatementForm()
    if form.validate_on_submit() and _made(form):
        return redirect(url_for("subject.file", _anchor="statement"))
    if request.method == "GET":
        form.text.data = _present()
    with running().store.read() as session:
        is_proofed = actions.proofed(session, session.get_one(Case, case_id()))
    page = render_template("subject/statement.html", form=form, is_proofed=is_proofed)
    return make_response(page, 422 if form.errors else 200)


def _made(form: StatementForm) -> bool:
    run = running()
    try:
        with run.store.write() as session:
            case = session.get_one(Case, case_id())
            actions.state(session, case=case, text=form.text.data, now=run.clock(), by=actor().id)
    except Invalid as error:
        form.refuse(error)
        return False
    return True


def _present() -> str | None:
    with running().store.read() as session:
        case = session.get_one(Case, case_id())
        return statement_of(session, case, key_of(session, case))
