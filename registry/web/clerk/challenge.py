"""`/recusals`: panelists whom a person has challenged; a clerk or regulator reads why, and decides with reasons."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.appeals import recusals
from registry.appeals.models import Appeal, Recusal, Seat
from registry.appeals.recusal import State, decide_by
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.members.models import Member
from registry.web.acting import done
from registry.web.clerk.blueprint import bp
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, Form, options, typed

VERDICTS = {
    State.SUSTAINED: _("Sustain it: they leave the panel, and the next in rank follows"),
    State.DISMISSED: _("Reject it: they stay on the panel, and vote"),
}


class ChallengeForm(Form):
    verdict = RadioField(
        _("What do you decide?"),
        [Chosen(VERDICTS, _("Select what you decide."))],
        choices=options(VERDICTS),
        validate_choice=False,
    )
    reasons = TextAreaField(
        _("Your reasons"), [InputRequired(_("Enter your reasons.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))]
    )


@bp.get("/recusals")
@needs(Action.RECUSAL_DECIDE)
def challenges() -> str:
    """Those that wait, without those that the reader may not decide."""
    with running().store.read() as session:
        rows = [
            (row, session.get_one(Case, row.case_id).number, decide_by(row.asked_at))
            for row in recusals.docket(session, actor=actor())
        ]
    return render_template("clerk/challenges.html", rows=rows)


@bp.route("/recusals/<recusal_id>", methods=["GET", "POST"])
@needs(Action.RECUSAL_DECIDE)
def challenge(recusal_id: str) -> Response:
    """Reading it is an act of the case."""
    form, run = ChallengeForm(), running()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: recusals.decide(
            session,
            actor=actor(),
            recusal_id=recusal_id,
            sustain=form.verdict.data == State.SUSTAINED,
            reasons=typed(form.reasons.data),
            now=now,
        ),
    ):
        return redirect(url_for("clerk.challenge", recusal_id=recusal_id))
    with run.store.write() as session:
        row, text = recusals.open_recusal(session, actor=actor(), recusal_id=recusal_id, now=run.clock())
        page = _page(session, form, row, text)
    return make_response(page, 422 if form.errors else 200)


def waiting_on(session: Session, appeal: Appeal) -> Recusal | None:
    """The challenge in this appeal that the reader may decide now."""
    return next(iter(recusals.docket(session, actor=actor(), appeal_id=appeal.id)), None)


def _page(session: Session, form: ChallengeForm, row: Recusal, text: str) -> str:
    case, seat = session.get_one(Case, row.case_id), session.get_one(Seat, row.seat_id)
    return render_template(
        "clerk/challenge.html",
        form=form,
        row=row,
        text=text,
        number=case.number,
        seat=seat,
        member=session.get_one(Member, seat.member_id).name,
        by=decide_by(row.asked_at),
        is_open=row.state is State.ASKED,
        reasons=recusals.reasons_of(row, key_of(session, case)),
        most=policy.REASONS_LENGTH,
        reader=actor().id,
        now=running().clock(),
    )
