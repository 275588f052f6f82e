"""`/screening`: reports that wait for a neutral screener; the file; let through, or refused on one of the grounds.

A screener does not say whether the accusation is true. Reports of their own member, and of companies under its owner,
are not among those that they see.
"""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.members.models import Member
from registry.reports import actions, exhibits, queries, screening
from registry.reports.exhibits import Opened
from registry.reports.rules import Ground, State, Verdict
from registry.web import words
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.exhibits import digest_at
from registry.web.forms import AtMost, Chosen, Form, options, typed, whole
from registry.web.roster.blueprint import bp
from registry.web.roster.reading import exhibit_page, marked_file

VERDICTS = {
    Verdict.ACCEPT: _("Let it through: the person is told, and can answer"),
    Verdict.REFUSE: _("Refuse it"),
}


class ScreenForm(Form):
    verdict = RadioField(
        _("What do you decide?"),
        [Chosen(Verdict, _("Select what you decide."))],
        choices=options(VERDICTS),
        validate_choice=False,
    )
    ground = RadioField(_("If you refuse it: on which ground?"), choices=options(words.GROUNDS), validate_choice=False)
    fact = SelectField(_("To which fact does the ground apply?"), validate_choice=False)
    reasons = TextAreaField(
        _("Your reasons"),
        [InputRequired(_("Enter your reasons.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))],
    )

    def name_facts(self, count: int) -> None:
        places = [SelectChoice(str(place), gettext("fact %(place)s", place=place)) for place in range(1, count + 1)]
        self.fact.choices = [SelectChoice("", gettext("The whole report")), *places]


@bp.get("/screening")
@needs(Action.REPORT_SCREEN)
def docket() -> str:
    with running().store.read() as session:
        reports = queries.docket(session, actor=actor())
        rows = [
            (report, queries.number_of(session, report.case_id), session.get_one(Member, report.member_id).name)
            for report in reports
        ]
        return render_template("roster/screenings.html", rows=rows)


@bp.route("/screening/<report_id>", methods=["GET", "POST"])
@needs(Action.REPORT_SCREEN)
def screen(report_id: str) -> Response:
    """Reading it is an act of the case."""
    run, form = running(), ScreenForm()
    if form.validate_on_submit() and _decided(form, report_id):
        return redirect(url_for("bench.docket"))
    with run.store.write() as session:
        found, said = actions.open_report(session, actor=actor(), report_id=report_id, now=run.clock())
        report: Any = said
        form.name_facts(len(report["facts"]))
        page = render_template(
            "roster/screening.html",
            form=form,
            report=found,
            number=queries.number_of(session, found.case_id),
            member=session.get_one(Member, found.member_id).name,
            words=report,
            may=found.state is State.COUNTERSIGNED,
            reader=actor().id,
            now=run.clock(),
        )
    return make_response(page, 422 if form.errors else 200)


@bp.get("/screening/<report_id>/exhibits/<int:place>")
@needs(Action.REPORT_SCREEN)
def exhibit(report_id: str, place: int) -> str:
    """One piece of evidence, with the name of who reads it over it; opening it is an act of the case."""
    opened, number = _open(report_id, place)
    return exhibit_page(
        opened,
        number=number,
        place=place,
        back_to=url_for("bench.screen", report_id=report_id),
        file_url=url_for("bench.exhibit_file", report_id=report_id, place=place),
    )


@bp.get("/screening/<report_id>/exhibits/<int:place>/file")
@needs(Action.REPORT_SCREEN)
def exhibit_file(report_id: str, place: int) -> FlaskResponse:
    opened, number = _open(report_id, place)
    return marked_file(opened, number=number, place=place)


def _open(report_id: str, place: int) -> tuple[Opened, str]:
    run = running()
    with run.store.write() as session:
        found = queries.guarded(session, actor=actor(), report_id=report_id, action=Action.EXHIBIT_OPEN)
        digest = digest_at(session, found, place)
        opened = exhibits.open_exhibit(session, actor=actor(), report_id=report_id, sha256=digest, now=run.clock())
        return opened, queries.number_of(session, found.case_id)


def _decided(form: ScreenForm, report_id: str) -> bool:
    refuses = form.verdict.data == Verdict.REFUSE
    if refuses and form.ground.data not in set(Ground):
        form.ground.errors = [_("Select one ground.")]
        return False
    decided = done(
        form,
        lambda session, now: screening.screen(
            session,
            actor=actor(),
            report_id=report_id,
            verdict=Verdict(form.verdict.data),
            ground=Ground(form.ground.data) if refuses else None,
            fact=whole(form.fact.data) if refuses else None,
            reasons=typed(form.reasons.data),
            issuer=running().issuer,
            now=now,
        ),
    )
    return decided is not None
