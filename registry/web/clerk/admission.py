"""`/clerk/appeals/<appeal>`: what a clerk sees of an appeal, and its admission or refusal on a closed ground."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.appeals import queries
from registry.appeals.models import Appeal
from registry.appeals.rules import TEXT_LENGTH, State
from registry.cases.actions import require_on
from registry.cases.models import Case
from registry.db import Session
from registry.members.actions import get as member
from registry.panels import queries as views
from registry.web.acting import done
from registry.web.admitting import AdmissionForm, decide
from registry.web.clerk.blueprint import bp
from registry.web.clerk.challenge import waiting_on
from registry.web.context import actor, running


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
            challenge=waiting_on(session, found),
            reader=actor().id,
            now=run.clock(),
        )


@bp.get("/admissions")
@needs(Action.APPEAL_ADMIT)
def admissions() -> Response:
    """An old address: the appeals stand on the desk."""
    return redirect(url_for("clerk.desk"), 301)


@bp.get("/admissions/<appeal_id>")
@needs(Action.APPEAL_ADMIT)
def admission(appeal_id: str) -> Response:
    return redirect(url_for("clerk.appeal", appeal_id=appeal_id), 301)


@bp.route("/clerk/appeals/<appeal_id>/admission", methods=["GET", "POST"])
@needs(Action.APPEAL_ADMIT)
def admit(appeal_id: str) -> Response:
    form = AdmissionForm()
    if form.validate_on_submit() and done(form, lambda session, now: decide(session, form, appeal_id, now=now)):
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
    require_on(session, actor(), Action.APPEAL_ADMIT, found)
    return found
