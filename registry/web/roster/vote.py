"""`/panel/<appeal>/vote`: a sealed vote with its reasons. All three are opened together, and nobody sees one before."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.appeals import effects
from registry.appeals import queries as appeals
from registry.appeals.models import Vote
from registry.appeals.rules import TEXT_LENGTH
from registry.db import Session
from registry.entries.models import Entry
from registry.panels import actions as panels
from registry.panels.rules import BEFORE_LISTING, LONGEST_TERM, Choice
from registry.policy import LADDER
from registry.web import words
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, Form, Whole, options, typed, whole
from registry.web.roster.blueprint import bp
from registry.web.roster.hearing import is_awaited, number_of, seated
from registry.web.wording import gravity


class VoteForm(Form):
    choice = RadioField(_("What do you decide?"), [Chosen(Choice, _("Select what you decide."))], validate_choice=False)
    term_days = StringField(_("If you shorten it: how many days from the listing?"))
    level = SelectField(_("If you correct it: which level do the facts bear out?"), validate_choice=False)
    reasons = TextAreaField(
        _("Your reasons"), [InputRequired(_("Enter your reasons.")), AtMost(TEXT_LENGTH, _("The reasons"))]
    )

    def offer(self, entry: Entry | None) -> None:
        """What can be decided: before the listing there is only to keep the report, or to void it."""
        offered = [choice for choice in Choice if entry is not None or choice in BEFORE_LISTING]
        self.choice.choices = options({choice: words.CHOICES[choice] for choice in offered})
        milder = [step.level for step in LADDER if entry is not None and step.level < entry.level]
        self.level.choices = [SelectChoice("", str(_("Select"))), *(SelectChoice(str(n), gravity(n)) for n in milder)]

    def validate_term_days(self, field: StringField) -> None:
        if self.choice.data == Choice.SHORTEN:
            Whole(1, LONGEST_TERM, str(_("Enter the days as a whole number.")))(self, field)

    def validate_level(self, field: SelectField) -> None:
        if self.choice.data == Choice.CORRECT:
            Chosen([step.value for step in field.choices[1:]], str(_("Select a milder level.")))(self, field)


@bp.route("/panel/<appeal_id>/vote", methods=["GET", "POST"])
@needs(Action.APPEAL_VOTE)
def vote(appeal_id: str) -> Response:
    """Nothing of the file stands on this page, so that looking whether one is still signed in is no reading of it."""
    form, run = VoteForm(), running()
    with run.store.read() as session:
        found = seated(session, appeal_id)
        form.offer(entry := effects.entry_of(session, found.case_id))
        number, may = number_of(session, found), is_awaited(session, found)
    if form.validate_on_submit() and done(form, lambda session, now: _cast(session, form, appeal_id, now)):
        return redirect(url_for("bench.appeal", appeal_id=appeal_id))
    page = render_template(
        "roster/vote.html",
        form=form,
        appeal_id=appeal_id,
        number=number,
        may=may,
        listed=entry is not None,
        most=TEXT_LENGTH,
    )
    return make_response(page, 422 if form.errors else 200)


def _cast(session: Session, form: VoteForm, appeal_id: str, now: datetime) -> Vote:
    """Sent twice, the second is refused in words and changes nothing."""
    choice = form.choice.data
    return panels.vote(
        session,
        actor=actor(),
        appeal=appeals.get(session, appeal_id),
        choice=choice,
        reasons=typed(form.reasons.data),
        term_days=whole(form.term_days.data) if choice == Choice.SHORTEN else None,
        level=whole(form.level.data) if choice == Choice.CORRECT else None,
        now=now,
    )
