"""What a member says of its report after the screening: for each kind of amendment, its form and its claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.amendments.models import Amendment
from registry.amendments.rules import WORDS_LENGTH, Body, Kind
from registry.errors import ZiluError
from registry.policy import LISTABLE, OFFENCES
from registry.web.forms import AtMost, Chosen, DayField, Form, Whole, options, typed, whole
from registry.web.reporter.steps import DAY_MISSING
from registry.web.wording import basis, day, gravity, offence
from registry.web.words import STATES

Claims = dict[str, Any]
BODIES = {body: STATES[body.value] for body in Body}


class AmendmentForm(Form):
    """Field names are those of the claims, so that a refusal finds its field."""

    what = TextAreaField(
        _("What do you say now?"), [InputRequired(_("Enter what you say now.")), AtMost(WORDS_LENGTH, _("The text"))]
    )
    why = TextAreaField(_("Why?"), [InputRequired(_("Enter why.")), AtMost(WORDS_LENGTH, _("The reasons"))])

    def prepare(self, contests: Iterable[Amendment]) -> None:
        """What can be chosen now."""

    def said(self) -> Claims:
        return {"what": typed(self.what.data), "why": typed(self.why.data), **self._own()}

    def _own(self) -> Claims:
        """What this kind says besides."""
        return {}

    def refuse(self, error: ZiluError, field: str | None = None) -> None:
        """The domain names `changes.level`; the form has `level`."""
        super().refuse(error, field or (error.field or "").rpartition(".")[2])


class ChangesForm(AmendmentForm):
    """A milder level or a shorter term; left empty, the report stands as it is."""

    level = SelectField(_("Its level (optional)"), validate_choice=False)
    term_days = StringField(_("Its term in days, counted from the listing (optional)"))

    def prepare(self, contests: Iterable[Amendment]) -> None:
        self.level.choices = _or_as_it_is((str(step.level), gravity(step.level)) for step in policy.LADDER)

    def validate_term_days(self, field: StringField) -> None:
        if field.data:
            Whole(1, 36_500, gettext("Enter the days as a whole number."))(self, field)

    def _own(self) -> Claims:
        return {"changes": changes} if (changes := self._changes()) else {}

    def _changes(self) -> Claims:
        said = {"level": whole(self.level.data), "term_days": whole(self.term_days.data)}
        return {name: value for name, value in said.items() if value is not None}


class CorrectionForm(ChangesForm):
    offence = SelectField(_("The offence (optional)"), validate_choice=False)
    basis = SelectField(_("The standard of proof (optional)"), validate_choice=False)

    def prepare(self, contests: Iterable[Amendment]) -> None:
        super().prepare(contests)
        self.offence.choices = _or_as_it_is((code, offence(code)) for code in OFFENCES)
        self.basis.choices = _or_as_it_is((each.value, f"{each.value}: {basis(each)}") for each in sorted(LISTABLE))

    def _changes(self) -> Claims:
        chosen = {"offence": self.offence.data, "basis": self.basis.data}
        return {**super()._changes(), **{name: value for name, value in chosen.items() if value}}


class RevisionForm(ChangesForm):
    on = DayField(_("When did it happen?"), [InputRequired(DAY_MISSING)])
    settles = SelectField(_("Is it the outcome of a proceeding? (optional)"), validate_choice=False)

    def prepare(self, contests: Iterable[Amendment]) -> None:
        super().prepare(contests)
        open_ = ((row.id, gettext("The one told on %(day)s", day=day(row.signed_at))) for row in contests)
        self.settles.choices = [SelectChoice("", gettext("No")), *(SelectChoice(*each) for each in open_)]

    def _own(self) -> Claims:
        settled = {"settles": self.settles.data} if self.settles.data else {}
        return {**super()._own(), "on": str(self.on.data), **settled}


class ContestForm(AmendmentForm):
    body = RadioField(
        _("Before whom?"),
        [Chosen(Body, _("Select before whom it is contested."))],
        choices=lambda: options(BODIES),
        validate_choice=False,
    )
    reference = StringField(
        _("Their reference"), [InputRequired(_("Enter the reference.")), AtMost(100, _("The reference"))]
    )
    on = DayField(_("Since when?"), [InputRequired(DAY_MISSING)])

    def _own(self) -> Claims:
        reference = typed(self.reference.data)
        return {"proceeding": {"body": self.body.data, "reference": reference, "on": str(self.on.data)}}


@dataclass(frozen=True, slots=True)
class Offered:
    """A kind of amendment as the page offers it."""

    form: type[AmendmentForm]
    title: Any
    about: Any


KINDS: Mapping[str, Offered] = {
    Kind.CORRECTION.value: Offered(
        CorrectionForm,
        _("Correct it"),
        _("The report was wrong in something. Only what tells for the person can be corrected."),
    ),
    Kind.REVISION.value: Offered(
        RevisionForm,
        _("Tell what has happened since"),
        _("The report was right, and something has changed: a judgment, a settlement, a shorter term."),
    ),
    Kind.CONTEST.value: Offered(
        ContestForm,
        _("Tell that it is contested"),
        _(
            "A court, an arbitration or a labour body has been asked. "
            "The entry is marked as disputed until you tell how it ended."
        ),
    ),
    Kind.VOID.value: Offered(
        AmendmentForm,
        _("Take the entry back"),
        _("The report should not have been. The entry is hidden at your signature, and void for good at the second."),
    ),
}


def _or_as_it_is(choices: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice("", gettext("As it is")), *(SelectChoice(*each) for each in choices)]
