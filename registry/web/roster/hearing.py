"""`/panel/<appeal>`: the whole file before the three who decide; its evidence; what was heard; to step down."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.amendments import queries as amendments
from registry.appeals import draw
from registry.appeals import queries as appeals
from registry.appeals.models import Appeal
from registry.appeals.rules import DRAWABLE, Duty, State
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Session
from registry.errors import NotFound
from registry.members.models import Member
from registry.panels import actions as panels
from registry.panels import evidence
from registry.panels import queries as views
from registry.reports import queries as reports
from registry.reports.exhibits import Opened
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.exhibits import digest_at
from registry.web.forms import AtMost, Form, typed
from registry.web.roster.blueprint import bp
from registry.web.roster.reading import exhibit_page, marked_file


class HearingForm(Form):
    notes = TextAreaField(
        _("What was heard"),
        [InputRequired(_("Enter what was heard.")), AtMost(panels.NOTES_LENGTH, _("What was heard"))],
    )


@bp.get("/panel/<appeal_id>")
@needs(Action.APPEAL_HEAR)
def appeal(appeal_id: str) -> str:
    """Reading it is an act of the case."""
    run = running()
    with run.store.write() as session:
        view = views.read(session, actor=actor(), appeal_id=appeal_id, now=run.clock())
        found = view.item.appeal
        return render_template(
            "roster/appeal.html",
            view=view,
            member=session.get_one(Member, found.member_id).name,
            amendments=amendments.of_case(
                session, key_of(session, session.get_one(Case, found.case_id)), only_taken=True
            ),
            decide_by=view.item.due.get(Duty.DECIDE),
            may_hear=found.state is State.ANSWERED,
            may_vote=is_awaited(session, found),
            may_step_down=found.state in DRAWABLE,
            reader=actor().id,
            now=run.clock(),
        )


@bp.get("/panel/<appeal_id>/exhibits/<int:place>")
@needs(Action.APPEAL_HEAR)
def panel_exhibit(appeal_id: str, place: int) -> str:
    """One piece of evidence, with the name of who reads it over it; opening it is an act of the case."""
    opened, number = _open(appeal_id, place)
    return exhibit_page(
        opened,
        number=number,
        place=place,
        back_to=url_for("bench.appeal", appeal_id=appeal_id),
        file_url=url_for("bench.panel_exhibit_file", appeal_id=appeal_id, place=place),
    )


@bp.get("/panel/<appeal_id>/exhibits/<int:place>/file")
@needs(Action.APPEAL_HEAR)
def panel_exhibit_file(appeal_id: str, place: int) -> FlaskResponse:
    opened, number = _open(appeal_id, place)
    return marked_file(opened, number=number, place=place)


@bp.route("/panel/<appeal_id>/hearing", methods=["GET", "POST"])
@needs(Action.APPEAL_HEAR)
def hear(appeal_id: str) -> Response:
    form = HearingForm()
    with running().store.read() as session:
        number = number_of(session, seated(session, appeal_id))
    if form.validate_on_submit() and done(
        form,
        lambda session, now: panels.hear(
            session, actor=actor(), appeal=appeals.get(session, appeal_id), notes=typed(form.notes.data), now=now
        ),
    ):
        return redirect(url_for("bench.appeal", appeal_id=appeal_id))
    page = render_template(
        "roster/hearing.html", form=form, appeal_id=appeal_id, number=number, most=panels.NOTES_LENGTH
    )
    return make_response(page, 422 if form.errors else 200)


@bp.post("/panel/<appeal_id>/stepping-down")
@needs(Action.PANEL_SERVE)
def step_down(appeal_id: str) -> Response:
    """The next in rank is seated; the appeal is not theirs to read any more."""
    run = running()
    with run.store.write() as session:
        draw.step_down(session, actor=actor(), appeal=seated(session, appeal_id), now=run.clock())
    return redirect(url_for("bench.panel"))


def seated(session: Session, appeal_id: str) -> Appeal:
    """The appeal, if its panel has a seat of the reader's; to everybody else it is not there."""
    found = session.get(Appeal, appeal_id)
    if found is None or appeals.seat_of(session, found.id, actor().id) is None:
        raise NotFound("there is no such appeal among those that you may read", field="id")
    return found


def is_awaited(session: Session, found: Appeal) -> bool:
    """Whether the reader's vote is still to come."""
    waiting = {seat.account_id for seat in appeals.awaited(session, found.id)}
    return found.state is State.HEARD and actor().id in waiting


def number_of(session: Session, found: Appeal) -> str:
    return session.get_one(Case, found.case_id).number


def _open(appeal_id: str, place: int) -> tuple[Opened, str]:
    run = running()
    with run.store.write() as session:
        found = seated(session, appeal_id)
        digest = digest_at(session, reports.of_case(session, found.case_id), place)
        opened = evidence.open_exhibit(session, actor=actor(), appeal_id=appeal_id, sha256=digest, now=run.clock())
        return opened, number_of(session, found)
