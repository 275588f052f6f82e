"""`/case/review`: ask for the end of the listing; and what was decided."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.cases.models import Case
from registry.db import Session
from registry.entries.queries import of_case
from registry.reviews import actions, rules
from registry.reviews.models import Review
from registry.reviews.rules import Ground
from registry.web.acting import done
from registry.web.context import actor, case_id, running
from registry.web.forms import AtMost, Chosen, Form, options
from registry.web.subject.blueprint import bp

GROUNDS = {
    Ground.TIME_SERVED: _("I have been listed long enough"),
    Ground.ACQUITTED: _("A court has acquitted me"),
    Ground.CASE_DROPPED: _("The police or the prosecution have dropped the case"),
    Ground.PENALTY_REVOKED: _("The penalty was revoked"),
}


class ReviewForm(Form):
    ground = RadioField(
        _("Why should it end?"),
        [Chosen(Ground, _("Select why it should end."))],
        choices=options(GROUNDS),
        validate_choice=False,
    )
    text = TextAreaField(
        _("In your own words"),
        [InputRequired(_("Enter what speaks for it.")), AtMost(policy.REASONS_LENGTH, _("Your words"))],
    )


@bp.route("/case/review", methods=["GET", "POST"])
@needs(Action.REVIEW_APPLY)
def review() -> Response:
    form = ReviewForm()
    if form.validate_on_submit() and done(form, lambda session, now: _applied(session, form, now)):
        return redirect(url_for("subject.review"))
    with running().store.read() as session:
        case = session.get_one(Case, case_id())
        reviews, entry = actions.of_subject(session, case), of_case(session, case.id)
    first = entry and rules.earliest(entry.level, listed_at=entry.listed_at, until=entry.until)
    page = render_template("subject/review.html", form=form, reviews=reviews, earliest=first)
    return make_response(page, 422 if form.errors else 200)


def _applied(session: Session, form: ReviewForm, now: datetime) -> Review:
    case, said = session.get_one(Case, case_id()), {"ground": form.ground.data, "text": form.text.data}
    return actions.apply(session, case=case, by=actor().id, now=now, **said)
