"""`/clerk`: everything that waits, for whom, and by when; and the way to one case by its number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.appeals import queries as appeals
from registry.appeals import recusals
from registry.appeals.recusal import decide_by
from registry.appeals.rules import OVER, Duty, State
from registry.cases.models import Case
from registry.db import Session
from registry.notices import actions as notices
from registry.notices.rules import State as LetterState
from registry.notices.rules import read_case_number
from registry.panels import queries as views
from registry.panels.queries import Item
from registry.web.clerk.blueprint import bp
from registry.web.context import actor, running
from registry.web.forms import Form


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the desk. `by` is None where no rule sets a date."""

    number: str
    href: str
    what: Any  # a text that waits for the reader's language
    since: datetime
    by: datetime | None = None
    is_overdue: bool = False


class CaseForm(Form):
    case = StringField(_("Case number"), [InputRequired(_("Enter a case number, for example ZL-7F3K-9QX2."))])


@bp.route("/clerk", methods=["GET", "POST"])
@needs(Action.APPEAL_ADMIT)
def desk() -> Response:
    """What has a date comes first, the nearest on top."""
    form, run = CaseForm(), running()
    if form.validate_on_submit():
        number = read_case_number(form.case.data)
        if number is not None:
            return redirect(url_for("clerk.case", number=number))
        form.case.errors = [_("Enter a case number, for example ZL-7F3K-9QX2.")]
    with run.store.read() as session:
        docket = views.docket(session, actor=actor(), now=run.clock())
        open_now = [_appeal(session, item) for item in docket if item.appeal.state not in OVER]
        rows = [*_letters(session), *_challenges(session), *open_now]
    rows.sort(key=lambda row: (row.by is None, row.by or row.since))
    return make_response(render_template("clerk/desk.html", form=form, rows=rows), 422 if form.errors else 200)


def _letters(session: Session) -> list[Waiting]:
    return [
        Waiting(
            number,
            url_for("clerk.letter", letter_id=letter.id),
            _("Print the letter and send it") if letter.state is LetterState.DRAFTED else _("Record its service"),
            letter.printed_at or letter.drafted_at,
        )
        for letter, number in notices.queue(session, actor=actor())
    ]


def _challenges(session: Session) -> list[Waiting]:
    return [
        Waiting(
            session.get_one(Case, row.case_id).number,
            url_for("clerk.challenge", recusal_id=row.id),
            _("Decide the challenge of a panelist"),
            row.asked_at,
            decide_by(row.asked_at),
        )
        for row in recusals.docket(session, actor=actor())
    ]


def _appeal(session: Session, item: Item) -> Waiting:
    appeal = item.appeal
    duty = Duty.ADMIT if appeal.state is State.PROOFED else Duty.DECIDE
    waits = appeal.state is not State.DECIDED
    return Waiting(
        item.case,
        url_for("clerk.appeal", appeal_id=appeal.id),
        _waits_for(session, item),
        appeal.admitted_at or appeal.proofed_at or appeal.lodged_at,
        item.due.get(duty) if waits else None,
        duty in item.overdue,
    )


def _waits_for(session: Session, item: Item) -> Any:
    """For whom an appeal waits: the clerk, or somebody whom the clerk may remind."""
    facts = appeals.facts_of(session, item.appeal)
    if facts.exhausted:
        return _("Nobody is left who could take a seat: call more panelists to the roster")
    if facts.state in (State.LODGED, State.PROOFED):
        is_lodged = facts.state is State.LODGED
        return _("Waits for a verifier to confirm the person") if is_lodged else _("Admit or refuse the appeal")
    if facts.state in (State.DECIDED, State.SECOND_INSTANCE):
        return _("Decided; the person can still contest it")
    if not facts.seated:
        return _("The draw waits for the registry") if facts.nonce else _("The draw waits for the person’s number")
    if facts.unfit:
        return _("A panelist is being replaced")
    if facts.state is State.ADMITTED:
        return _("Waits for the company’s answer")
    return _("Waits for the hearing") if facts.state is State.ANSWERED else _("Waits for the votes of the panel")
