"""The decision to admit an appeal, or to refuse it on a closed ground: its form and its act, for any page."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired

from registry.appeals import admission, queries
from registry.appeals.eligibility import Inadmissible
from registry.appeals.models import Appeal
from registry.appeals.rules import TEXT_LENGTH
from registry.db import Session
from registry.web.context import actor
from registry.web.forms import AtMost, Chosen, Form, options, typed
from registry.web.words import INADMISSIBLE

ADMIT, REFUSE = "admit", "refuse"
VERDICTS = {
    ADMIT: _("Admit it: the company must answer, and a panel is drawn"),
    REFUSE: _("Refuse it, on one of the grounds below"),
}


class AdmissionForm(Form):
    verdict = RadioField(
        _("What do you decide?"),
        [Chosen(VERDICTS, _("Select what you decide."))],
        choices=[SelectChoice(*verdict) for verdict in VERDICTS.items()],
        validate_choice=False,
    )
    ground = RadioField(_("If you refuse it: on which ground?"), choices=options(INADMISSIBLE), validate_choice=False)
    reasons = TextAreaField(
        _("Your reasons"), [InputRequired(_("Enter your reasons.")), AtMost(TEXT_LENGTH, _("The reasons"))]
    )

    def validate_ground(self, field: RadioField) -> None:
        if self.verdict.data == REFUSE:
            Chosen(Inadmissible, str(_("Select one ground.")))(self, field)


def decide(session: Session, form: AdmissionForm, appeal_id: str, *, now: datetime) -> Appeal:
    found, reasons = queries.get(session, appeal_id), typed(form.reasons.data)
    if form.verdict.data == ADMIT:
        admission.admit(session, actor=actor(), appeal=found, reasons=reasons, now=now)
        return found
    ground = Inadmissible(form.ground.data)
    return admission.refuse(session, actor=actor(), appeal=found, ground=ground, reasons=reasons, now=now)
