"""`/inspections`: a sealed annex is looked at under a clerk's eyes, and two sign that it was so.

The annex is shown on the clerk's screen alone, while the inspection is open; nobody takes it along.
"""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import BooleanField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.cases.actions import require_on
from registry.cases.models import Case
from registry.db import Session
from registry.panels import evidence
from registry.reports import inspections
from registry.reports.exhibits import Opened
from registry.reports.inspections import PLACE_LENGTH, SUBJECT, Held
from registry.reports.rules import InspectionState
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.exhibits import saved, shown
from registry.web.forms import AtMost, Chosen, Form, typed
from registry.web.roster.blueprint import bp


class BeginForm(Form):
    exhibit = RadioField(_("The annex of which exhibit?"), validate_choice=False)
    inspector = RadioField(_("Who looks at it?"), validate_choice=False)
    place = StringField(_("Where?"), [InputRequired(_("Enter the place.")), AtMost(PLACE_LENGTH, _("The place"))])

    def offer(self, places: list[int], accounts: list[str]) -> None:
        exhibits = {str(place): gettext("Exhibit %(place)s", place=place) for place in places}
        people = {name: gettext("The accused person") if name == SUBJECT else name for name in accounts}
        self.exhibit.choices = [SelectChoice(*each) for each in exhibits.items()]
        self.exhibit.validators = [Chosen(exhibits, gettext("Select the exhibit."))]
        self.inspector.choices = [SelectChoice(*each) for each in people.items()]
        self.inspector.validators = [Chosen(people, gettext("Select who looks at it."))]


class EndForm(Form):
    remarks = TextAreaField(
        _("How was it?"), [InputRequired(_("Enter how it was.")), AtMost(policy.REASONS_LENGTH, _("The remarks"))]
    )


class SignForm(Form):
    confirmed = BooleanField(
        _("I was there, and it was as it says here"), [InputRequired(_("Tick that you were there."))]
    )


@bp.get("/inspections")
@needs(Action.INSPECTION_SIGN)
def inspected() -> str:
    """What is open in one's own hands, and what waits for a second signature."""
    with running().store.read() as session:
        rows = inspections.waiting(session, actor=actor())
    return render_template("roster/inspections.html", rows=rows, reader=actor().id)


@bp.route("/inspections/new/<number>", methods=["GET", "POST"])
@needs(Action.INSPECTION_HOLD)
def begin_inspection(number: str) -> Response:
    form, begun = BeginForm(), None
    with running().store.read() as session:
        found = _theirs(session, number)
        places = inspections.annexed(session, found)
        form.offer(places, evidence.inspectors(session, found))
    if form.validate_on_submit():
        begun = done(
            form,
            lambda session, now: evidence.hold_inspection(
                session,
                actor=actor(),
                number=number,
                exhibit=int(form.exhibit.data),
                inspector=form.inspector.data,
                place=typed(form.place.data),
                now=now,
            ),
        )
    if begun is not None:
        return redirect(url_for("bench.inspection", inspection_id=begun.id))
    page = render_template("roster/begin_inspection.html", form=form, number=number, places=places)
    return make_response(page, 422 if form.errors else 200)


@bp.get("/inspections/<inspection_id>")
@needs(Action.INSPECTION_SIGN)
def inspection(inspection_id: str) -> str:
    held = _read(inspection_id)
    return render_template(
        "roster/inspection.html", held=held, is_mine=held.row.held_by == actor().id, is_open=_is_open(held)
    )


@bp.get("/inspections/<inspection_id>/annex")
@needs(Action.INSPECTION_HOLD)
def annex(inspection_id: str) -> str:
    """On the screen of the clerk who holds it; each opening is an act of the case."""
    opened, held = _look(inspection_id), _read(inspection_id)
    return render_template(
        "roster/annex.html", held=held, shown=shown(opened), reader=actor().id, now=running().clock()
    )


@bp.get("/inspections/<inspection_id>/annex/file")
@needs(Action.INSPECTION_HOLD)
def annex_file(inspection_id: str) -> FlaskResponse:
    """For what a page cannot show, and for its pictures."""
    return saved(_look(inspection_id), number=_read(inspection_id).number, place=0, mark=f"-{actor().id}")


@bp.route("/inspections/<inspection_id>/end", methods=["GET", "POST"])
@needs(Action.INSPECTION_HOLD)
def end_inspection(inspection_id: str) -> Response:
    """The clerk closes the annex and signs as the first."""
    form, held = EndForm(), _read(inspection_id)
    if form.validate_on_submit() and done(
        form,
        lambda session, now: inspections.end(
            session, actor=actor(), inspection_id=inspection_id, remarks=typed(form.remarks.data), now=now
        ),
    ):
        return redirect(url_for("bench.inspection", inspection_id=inspection_id))
    page = render_template("roster/end_inspection.html", form=form, held=held, most=policy.REASONS_LENGTH)
    return make_response(page, 422 if form.errors else 200)


@bp.route("/inspections/<inspection_id>/signature", methods=["GET", "POST"])
@needs(Action.INSPECTION_SIGN)
def sign_inspection(inspection_id: str) -> Response:
    """Somebody else, who was there, signs as the second."""
    form, held = SignForm(), _read(inspection_id)
    if form.validate_on_submit() and done(
        form, lambda session, now: inspections.sign(session, actor=actor(), inspection_id=inspection_id, now=now)
    ):
        return redirect(url_for("bench.inspection", inspection_id=inspection_id))
    page = render_template("roster/sign_inspection.html", form=form, held=held)
    return make_response(page, 422 if form.errors else 200)


def _theirs(session: Session, number: str) -> Case:
    """NotFound, or Forbidden for a case of the clerk's own member or of one of its group."""
    found = evidence.case_of(session, number)
    require_on(session, actor(), Action.INSPECTION_HOLD, found)
    return found


def _read(inspection_id: str) -> Held:
    with running().store.read() as session:
        return inspections.read(session, actor=actor(), inspection_id=inspection_id)


def _look(inspection_id: str) -> Opened:
    run = running()
    with run.store.write() as session:
        return inspections.look(session, actor=actor(), inspection_id=inspection_id, now=run.clock())


def _is_open(held: Held) -> bool:
    return held.row.state is InspectionState.OPEN and running().clock() < held.closes_at
