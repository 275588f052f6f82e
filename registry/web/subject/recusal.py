"""`/case/recusal`: say why somebody on the panel must not decide."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.appeals import queries, recusals
from registry.appeals.models import Appeal, Recusal
from registry.db import Session
from registry.errors import NotFound
from registry.members.models import Member
from registry.web.acting import done
from registry.web.context import actor, case_id, running
from registry.web.forms import AtMost, Form
from registry.web.subject.blueprint import bp


class RecusalForm(Form):
    seat = RadioField(_("Who must not decide?"), [InputRequired(_("Select who."))], validate_choice=False)
    text = TextAreaField(
        _("Why not?"),
        [InputRequired(_("Enter your reasons.")), AtMost(policy.REASONS_LENGTH, _("Your reasons"))],
    )


@bp.route("/case/recusal", methods=["GET", "POST"])
@needs(Action.RECUSAL_ASK)
def recusal() -> Response:
    form = RecusalForm()
    with running().store.read() as session:
        seats = queries.seats_of(session, _appeal(session).id)
        form.seat.choices = [SelectChoice(s.id, session.get_one(Member, s.member_id).name) for s in seats]
    if form.validate_on_submit() and done(form, lambda session, now: _ask(session, form, now)):
        return redirect(url_for("subject.file", _anchor="appeals"))
    return make_response(render_template("subject/recusal.html", form=form), 422 if form.errors else 200)


def _ask(session: Session, form: RecusalForm, now: datetime) -> Recusal:
    words = {"seat_id": form.seat.data, "text": form.text.data}
    return recusals.ask(session, appeal=_appeal(session), **words, now=now, by=actor().id)


def _appeal(session: Session) -> Appeal:
    found = queries.latest(session, case_id())
    if found is None:
        raise NotFound("there is no appeal in this case, so nobody decides it")
    return found
