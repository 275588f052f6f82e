"""`/case/appeal`: contest the report; and the signed timestamp that says when it was lodged."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from registry.access import Action, needs
from registry.appeals import actions, timestamp
from registry.appeals.rules import TEXT_LENGTH, Ground, Lane
from registry.cases import acts
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.errors import Invalid, NotFound
from registry.web.context import actor, case_id, running
from registry.web.forms import AtMost, Chosen, Form, options
from registry.web.subject.blueprint import bp

GROUNDS = {
    Ground.WRONG_PERSON: _("I am not the person it is about"),
    Ground.NOT_TRUE: _("It is not true"),
    Ground.NOT_IN_SCOPE: _("It is about something else than customers’ data, or about a dispute at work"),
    Ground.DISPROPORTIONATE: _("It weighs less than they say, or the term is too long"),
    Ground.PROCEDURE: _("The rules were not kept"),
    Ground.NEW_FACTS: _("There are new facts"),
    Ground.COURT_OUTCOME: _("A court, the police or an arbitration has decided"),
}
LANES = {
    Lane.NORMAL: _("Normal"),
    Lane.URGENT: _("Urgent: I am kept from work, or I am the wrong person"),
}


class AppealForm(Form):
    grounds = SelectMultipleField(
        _("Why do you contest it?"),
        [Chosen(Ground, _("Select at least one reason."))],
        choices=options(GROUNDS),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    text = TextAreaField(
        _("What happened, in your own words"),
        [InputRequired(_("Enter what happened.")), AtMost(TEXT_LENGTH, _("What happened"))],
    )
    lane = RadioField(
        _("How urgent is it?"),
        [Chosen(Lane, _("Select how urgent it is."))],
        choices=options(LANES),
        default=Lane.NORMAL.value,
        validate_choice=False,
    )


@bp.route("/case/appeal", methods=["GET", "POST"])
@needs(Action.APPEAL_LODGE)
def appeal() -> Response:
    form = AppealForm()
    if form.validate_on_submit() and _lodged(form):
        return redirect(url_for("subject.file", _anchor="appeals"))
    return make_response(render_template("subject/appeal.html", form=form), 422 if form.errors else 200)


def _lodged(form: AppealForm) -> bool:
    run = running()
    try:
        with run.store.write() as session:
            actions.lodge(
                session,
                case=session.get_one(Case, case_id()),
                grounds=form.grounds.data,
                text=form.text.data,
                lane=form.lane.data,
                now=run.clock(),
                by=actor().id,
            )
    except Invalid as error:
        form.refuse(error)
        return False
    return True


@bp.get("/case/appeal/<appeal_id>/timestamp")
@needs(Action.CASE_READ)
def stamp(appeal_id: str) -> Response:
    """A JWS that anyone can check against the registry's published key; asked again, it is the same."""
    run = running()
    with run.store.read() as session:
        case = session.get_one(Case, case_id())
        lodged = (
            opened.act
            for opened in acts.of_case(session, key_of(session, case))
            if opened.verb in ("appeal.lodge", "appeal.contest") and opened.facts.get("appeal") == appeal_id
        )
        act = next(lodged, None)
        if act is None:
            raise NotFound("there is no such appeal in this case")
        token = timestamp.issue(session, case=case, act=act, issuer=run.issuer, key=run.secrets.receipt_key)
    response = make_response(token)
    response.content_type = "application/jose"
    response.headers["Content-Disposition"] = f'attachment; filename="{case.number}-timestamp.jws"'
    return response
