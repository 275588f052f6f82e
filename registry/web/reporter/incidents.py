"""`/incidents`: what a member notes before there is anything to report. Nobody else reads it; it is swept in time."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.reports import incidents
from registry.reports.rules import INCIDENT_LENGTH
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form, typed
from registry.web.reporter.blueprint import bp


class NoteForm(Form):
    reference = StringField(
        _("Your reference of the incident"),
        [InputRequired(_("Enter your reference.")), AtMost(INCIDENT_LENGTH, _("The reference"))],
    )
    text = TextAreaField(
        _("What do you note?"), [InputRequired(_("Enter a note.")), AtMost(policy.REASONS_LENGTH, _("The note"))]
    )


@bp.route("/incidents", methods=["GET", "POST"])
@needs(Action.INCIDENT_KEEP)
def noted() -> Response:
    """Reading the notes is an act that stands in the log."""
    form, run = NoteForm(), running()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: incidents.note(
            session, actor=actor(), reference=typed(form.reference.data), text=typed(form.text.data), now=now
        ),
    ):
        return redirect(url_for("reporter.noted"))
    with run.store.write() as session:
        kept = incidents.of_member(session, actor=actor(), now=run.clock())
    page = render_template("reporter/incidents.html", form=form, kept=kept, most=policy.REASONS_LENGTH)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/incidents/<incident_id>/removal")
@needs(Action.INCIDENT_KEEP)
def drop_note(incident_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        incidents.delete(session, actor=actor(), incident_id=incident_id, now=run.clock())
    return redirect(url_for("reporter.noted"))
