"""`/restraints`: who files less because their listings fell, why, and what ends it; a regulator lifts one here.

A member sees its own alone, a regulator everybody's.
"""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, allowed, needs
from registry.db import Session
from registry.errors import NotFound
from registry.members.actions import names
from registry.reports.prose import verify_prose
from registry.restraints import actions
from registry.restraints.models import Restraint
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form, typed
from registry.web.regulator.blueprint import bp


class LiftForm(Form):
    reasons = TextAreaField(
        _("Your reasons"), [InputRequired(_("Enter your reasons.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))]
    )


@bp.get("/restraints")
@needs(Action.RESTRAINT_READ)
def restraints() -> str:
    with running().store.read() as session:
        return render_template(
            "regulator/restraints.html",
            rows=actions.page(session, actor=actor()),
            names=names(session),
            may_lift=allowed(actor(), Action.RESTRAINT_LIFT),
        )


@bp.route("/restraints/<restraint_id>/lifting", methods=["GET", "POST"])
@needs(Action.RESTRAINT_LIFT)
def lift_restraint(restraint_id: str) -> Response:
    form = LiftForm()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: actions.lift(
            session,
            actor=actor(),
            restraint_id=restraint_id,
            reasons=verify_prose(typed(form.reasons.data), field="reasons", most=policy.REASONS_LENGTH),
            now=now,
        ),
    ):
        return redirect(url_for("regulator.restraints"))
    with running().store.read() as session:
        page = render_template(
            "regulator/lift_restraint.html",
            form=form,
            restraint=_in_force(session, restraint_id),
            names=names(session),
            most=policy.REASONS_LENGTH,
        )
    return make_response(page, 422 if form.errors else 200)


def _in_force(session: Session, restraint_id: str) -> Restraint:
    found = next((row for row in actions.page(session, actor=actor()) if row.id == restraint_id), None)
    if found is None:
        raise NotFound("there is no such restraint in force; it may have been lifted meanwhile")
    return found
