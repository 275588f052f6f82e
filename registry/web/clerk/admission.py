"""`/clerk/appeals/<appeal>`: what a clerk sees of an appeal, and its admission or refusal on a closed ground."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired

from registry.access import Action, needs, require
from registry.appeals import admission as admitting
from registry.appeals import queries
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal
from registry.appeals.rules import TEXT_LENGTH, State
from registry.cases.models import Case
from registry.db import Session
from registry.members.actions import get as member
from registry.panels import queries as views
from registry.web.clerk.blueprint import bp, done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, Form, options, typed
from registry.web.words import STATES

ADMIT, REFUSE = "admit", "refuse"
VERDICTS = {
    ADMIT: _("Admit it: the company must answer, and a panel is drawn"),
    REFUSE: _("Refuse it, on one of the grounds below"),
}
REFUSALS = {ground: STATES[ground.value] for ground in Inadmissible}


class AdmissionForm(Form):
    verdict = RadioField(
        _("What do you decide?"),
        [Chosen(VERDICTS, _("Select what you decide."))],
        choices=[SelectChoice(*verdict) for verdict in VERDICTS.items()],
        validate_choice=False,
    )
    ground = RadioField(_("If you refuse it: on which ground?"), choices=options(REFUSALS), validate_choice=False)
    reasons = TextAreaField(
        _("Your reasons"), [InputRequired(_("Enter your reasons.")), AtMost(TEXT_LENGTH, _("The reasons"))]
    )

    def validate_ground(self, field: RadioField) -> None:
        if self.verdict.data == REFUSE:
            Chosen(Inadmissible, str(_("Select one ground.")))(self, field)


@bp.get("/clerk/appeals/<appeal_id>")
@needs(Action.APPEAL_ADMIT)
def appeal(appeal_id: str) -> str:
    """Reading it is an act of the case."""
    run = running()
    with run.store.write() as session:
        view = views.read(session, actor=actor(), appeal_id=appeal_id, now=run.clock())
        found = view.item.appeal
        return render_template(
            "clerk/appeal.html",
            view=view,
            member=member(session, found.member_id).name,
            may_decide=found.state is State.PROOFED,
            awaited=len(queries.awaited(session, found.id)),
            decided=found.decided_at,
            reader=actor().id,
            now=run.clock(),
        )


@bp.route("/clerk/appeals/<appeal_id>/admission", methods=["GET", "POST"])
@needs(Action.APPEAL_ADMIT)
def admit(appeal_id: str) -> Response:
    form = AdmissionForm()
    if form.validate_on_submit() and done(form, lambda session, now: _decide(session, form, appeal_id, now=now)):
        return redirect(url_for("clerk.appeal", appeal_id=appeal_id))
    with running().store.read() as session:
        found = _theirs(session, appeal_id)
        page = render_template(
            "clerk/admission.html",
            form=form,
            appeal_id=appeal_id,
            number=session.get_one(Case, found.case_id).number,
            most=TEXT_LENGTH,
        )
    return make_response(page, 422 if form.errors else 200)


def _theirs(session: Session, appeal_id: str) -> Appeal:
    """Forbidden for an appeal against the clerk's own member, or one of its group."""
    found = queries.get(session, appeal_id)
    group = member(session, found.member_id).group
    require(actor(), Action.APPEAL_ADMIT, member_id=found.member_id, group=group)
    return found


def _decide(session: Session, form: AdmissionForm, appeal_id: str, *, now: datetime) -> Appeal:
    found, reasons = queries.get(session, appeal_id), typed(form.reasons.data)
    if form.verdict.data == ADMIT:
        admitting.admit(session, actor=actor(), appeal=found, reasons=reasons, now=now)
        return found
    ground = Inadmissible(form.ground.data)
    return admitting.refuse(session, actor=actor(), appeal=found, ground=ground, reasons=reasons, now=now)
