"""`/admissions`: appeals that wait for the registry office; admitted, which fixes who can be drawn, or refused.

A clerk does not say who is right. An appeal is refused for one ground of the closed list, and for no other.
"""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.appeals.rules import TEXT_LENGTH, Duty, State
from registry.errors import Conflict, Forbidden, Invalid
from registry.members.models import Member
from registry.panels import queries as views
from registry.web.admitting import AdmissionForm, decide
from registry.web.context import actor, running
from registry.web.roster.blueprint import bp


@bp.get("/admissions")
@needs(Action.APPEAL_ADMIT)
def admissions() -> str:
    run = running()
    with run.store.read() as session:
        items = views.docket(session, actor=actor(), now=run.clock())
        names = {item.appeal.member_id: session.get_one(Member, item.appeal.member_id).name for item in items}
    return render_template("roster/admissions.html", items=items, names=names, waiting=State.PROOFED, admit=Duty.ADMIT)


@bp.route("/admissions/<appeal_id>", methods=["GET", "POST"])
@needs(Action.APPEAL_ADMIT)
def admit(appeal_id: str) -> Response:
    """Reading it is an act of the case."""
    run, form = running(), AdmissionForm()
    if form.validate_on_submit() and _decided(form, appeal_id):
        return redirect(url_for("bench.admissions"))
    with run.store.write() as session:
        view = views.read(session, actor=actor(), appeal_id=appeal_id, now=run.clock())
        page = render_template(
            "roster/admission.html",
            form=form,
            view=view,
            may=view.item.appeal.state is State.PROOFED,
            most=TEXT_LENGTH,
            reader=actor().id,
            now=run.clock(),
        )
    return make_response(page, 422 if form.errors else 200)


def _decided(form: AdmissionForm, appeal_id: str) -> bool:
    run = running()
    try:
        with run.store.write() as session:
            decide(session, form, appeal_id, now=run.clock())
    except (Conflict, Forbidden, Invalid) as error:
        form.refuse(error, error.field if isinstance(error, Invalid) else "verdict")
        return False
    return True
