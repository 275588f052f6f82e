"""The steps in which a report is written: for each, its form, and the claims of the draft that it reads and writes.

What a step keeps need not be right yet, or there; whether a draft makes a report is asked before it is signed
(`drafting.problem_of`). Field names are those of the claims, so that a refusal finds its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired

from registry import policy
from registry.policy import LISTABLE, OFFENCES, Basis, Kind, Proof, Staff
from registry.reports import rules
from registry.reports.evidence import DATE
from registry.web import words
from registry.web.forms import AtMost, Chosen, DayField, Form, Whole, options, typed, whole
from registry.web.wording import offence as offence_in_words

Claims = dict[str, Any]
DAY_MISSING = _("Enter the day: year, month and day.")


class StepForm(Form):
    """`seen` names what the step held when the page was opened, so that nobody writes over a colleague."""

    CLAIMS: ClassVar[tuple[str, ...]] = ()
    seen = HiddenField()

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        """What stands in the draft, by field."""
        return {name: document[name] for name in cls.CLAIMS if name in document}

    def said(self) -> Claims:
        """The claims as they are now, without those that were left empty."""
        return {name: typed(self[name].data) for name in self.CLAIMS if typed(self[name].data)}


def within(document: Mapping[str, Any], *names: str) -> Any:
    """What stands at this place of a draft; None when nothing does, for an imported one may have gaps anywhere."""
    value: Any = document
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def day_of(document: Mapping[str, Any], *names: str) -> date | None:
    value = within(document, *names)
    return date.fromisoformat(value) if DATE.accepts(value) else None


def _offences() -> list[SelectChoice]:
    return [SelectChoice(code, offence_in_words(code)) for code in OFFENCES]


class OffenceForm(StepForm):
    CLAIMS = ("offence", "staff", "basis", "impersonation", "incident")
    offence = RadioField(
        _("What did the person do?"),
        [Chosen(OFFENCES, _("Select what the person did."))],
        choices=_offences,
        validate_choice=False,
    )
    staff = RadioField(
        _("How did the person work for you?"),
        [Chosen(Staff, _("Select how the person worked for you."))],
        choices=options(words.STAFF),
        validate_choice=False,
    )
    basis = RadioField(
        _("What does it rest on?"),
        [Chosen(LISTABLE, _("Select what it rests on."))],
        choices=options({basis: words.BASES[basis] for basis in sorted(LISTABLE)}),
        validate_choice=False,
    )
    impersonation = BooleanField(_("The person may have worked under somebody else’s papers"))
    incident = StringField(_("Your own reference for the incident (optional)"), [AtMost(100, _("The reference"))])

    def said(self) -> Claims:
        chosen = {"offence": self.offence.data, "staff": self.staff.data, "basis": self.basis.data}
        incident = {"incident": typed(self.incident.data)} if typed(self.incident.data) else {}
        return {**chosen, "impersonation": bool(self.impersonation.data), **incident}


class ActForm(StepForm):
    CLAIMS = ("gravity", "period")
    gravity_kind = RadioField(
        _("Which kind of data was it?"),
        [Chosen(Kind, _("Select the kind of data."))],
        choices=options(words.KINDS),
        validate_choice=False,
    )
    gravity_records = StringField(
        _("How many records?"),
        [Whole(0, rules.MAX_RECORDS, _("Enter how many records, as a whole number."))],
    )
    gravity_gain_cny = StringField(
        _("How much was gained, in CNY?"),
        [Whole(0, rules.MAX_RECORDS, _("Enter the gain in CNY, as a whole number; 0 if there was none."))],
    )
    period_from = DayField(_("From which day?"), [InputRequired(DAY_MISSING)])
    period_to = DayField(_("Until which day?"), [InputRequired(DAY_MISSING)])

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        gravity = {f"gravity_{name}": within(document, "gravity", name) for name in ("kind", "records", "gain_cny")}
        numbers = {name: str(value) for name, value in gravity.items() if type(value) is int}
        days = {f"period_{end}": day_of(document, "period", end) for end in ("from", "to")}
        return {**gravity, **numbers, **days}

    def said(self) -> Claims:
        gravity = {"kind": self.gravity_kind.data, "records": whole(self.gravity_records.data)}
        gravity["gain_cny"] = whole(self.gravity_gain_cny.data)
        return {
            "gravity": gravity,
            "period": {"from": str(self.period_from.data), "to": str(self.period_to.data)},
        }


class FoundForm(StepForm):
    CLAIMS = ("found", "measure", "breach_notice")
    found_on = DayField(_("When was it found?"), [InputRequired(DAY_MISSING)])
    found_how = TextAreaField(_("How was it found?"), [InputRequired(_("Enter how.")), AtMost(500, _("How"))])
    measure = TextAreaField(
        _("What has your company done?"),
        [InputRequired(_("Enter what your company has done.")), AtMost(500, _("What your company has done"))],
    )
    breach_notice_date = DayField(_("When was the authority told of the breach?"))
    breach_notice_reference = StringField(_("Reference of the notice"), [AtMost(100, _("The reference"))])
    breach_notice_none = TextAreaField(_("If it was not told: why not?"), [AtMost(500, _("The reason"))])

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        return {
            "found_on": day_of(document, "found", "on"),
            "found_how": within(document, "found", "how"),
            "measure": document.get("measure"),
            "breach_notice_date": day_of(document, "breach_notice", "date"),
            "breach_notice_reference": within(document, "breach_notice", "reference"),
            "breach_notice_none": within(document, "breach_notice", "none"),
        }

    def validate_breach_notice_none(self, field: TextAreaField) -> None:
        told = [self.breach_notice_date.data, typed(self.breach_notice_reference.data)]
        if not (any(told) if typed(field.data) else not all(told)):
            return
        raise ValidationError(_("Enter the day and the reference of the notice, or why there was none."))

    def said(self) -> Claims:
        none, day = typed(self.breach_notice_none.data), self.breach_notice_date.data
        notice = {"none": none} if none else {"date": str(day), "reference": typed(self.breach_notice_reference.data)}
        return {
            "found": {"on": str(self.found_on.data), "how": typed(self.found_how.data)},
            "measure": typed(self.measure.data),
            "breach_notice": notice,
        }


class NarrativeForm(StepForm):
    CLAIMS = ("narrative",)
    narrative = TextAreaField(
        _("What happened?"),
        [InputRequired(_("Enter what happened.")), AtMost(rules.NARRATIVE_LENGTH, _("What happened"))],
    )


class ProofForm(StepForm):
    """A reference and a day for each paper that there is, an exhibit and a day for each that is handed in."""

    CLAIMS = ("proof",)
    NAMED_BY: ClassVar[Mapping[Proof, str]] = {
        part: "exhibit" if part in (Proof.INVESTIGATION, Proof.SERVICE) else "reference" for part in Proof
    }
    judgment_reference = StringField(_("Its reference"), [AtMost(100, _("The reference"))])
    judgment_date = DayField(_("Its day"))
    police_reference = StringField(_("Its reference"), [AtMost(100, _("The reference"))])
    police_date = DayField(_("Its day"))
    dismissal_reference = StringField(_("Its reference"), [AtMost(100, _("The reference"))])
    dismissal_date = DayField(_("Its day"))
    investigation_exhibit = SelectField(_("Which exhibit is it?"), validate_choice=False)
    investigation_date = DayField(_("Its day"))
    service_exhibit = SelectField(_("Which exhibit is it?"), validate_choice=False)
    service_date = DayField(_("Its day"))

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        named = {f"{part}_{by}": within(document, "proof", part, by) for part, by in cls.NAMED_BY.items()}
        return {**named, **{f"{part}_date": day_of(document, "proof", part, "date") for part in Proof}}

    def name_exhibits(self, names: list[tuple[str, str]]) -> None:
        """The exhibits that can be chosen, with their names."""
        for field in (self.investigation_exhibit, self.service_exhibit):
            field.choices = [SelectChoice("", str(_("None"))), *(SelectChoice(*each) for each in names)]

    def said(self) -> Claims:
        proof = {}
        for part, by in self.NAMED_BY.items():
            name, day = typed(self[f"{part}_{by}"].data), self[f"{part}_date"].data
            if name or day:
                proof[part.value] = {by: name, "date": str(day)}
        return {"proof": proof}


class TermForm(StepForm):
    CLAIMS = ("term_days", "reasons", "late_reason")
    term_days = StringField(_("For how many days?"))
    permanent = BooleanField(_("Without an end: only at the gravest level"))
    reasons = TextAreaField(
        _("Why this long?"), [InputRequired(_("Enter why.")), AtMost(policy.REASONS_LENGTH, _("The reasons"))]
    )
    late_reason = TextAreaField(_("If the report comes late: why?"), [AtMost(500, _("The reason"))])

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        days = document.get("term_days")
        asked = {"term_days": str(days) if type(days) is int else "", "permanent": days is None}
        return {**super().load(document), **(asked if "term_days" in document else {})}

    def validate_term_days(self, field: StringField) -> None:
        if bool(self.permanent.data) == ((whole(field.data) or 0) > 0):
            raise ValidationError(_("Enter the days as a whole number, or tick that it has no end."))

    def said(self) -> Claims:
        days = None if self.permanent.data else whole(self.term_days.data)
        late = {"late_reason": typed(self.late_reason.data)} if typed(self.late_reason.data) else {}
        return {"term_days": days, "reasons": typed(self.reasons.data), **late}


class ContactForm(StepForm):
    CLAIMS = ("contact",)
    contact_name = StringField(
        _("Name of the person"), [InputRequired(_("Enter the name.")), AtMost(80, _("The name"))]
    )
    contact_address = TextAreaField(
        _("Their address"), [InputRequired(_("Enter the address.")), AtMost(300, _("The address"))]
    )
    contact_phone = StringField(_("Their telephone (optional)"), [AtMost(25, _("The telephone number"))])
    contact_language = RadioField(
        _("Which language do they read?"),
        [Chosen(("zh", "en"), _("Select the language."))],
        choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")],
        validate_choice=False,
    )

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Claims:
        parts = ("name", "address", "phone", "language")
        return {f"contact_{part}": within(document, "contact", part) for part in parts}

    def said(self) -> Claims:
        names = [name for name in self._fields if name.startswith("contact_")]
        said = {name.removeprefix("contact_"): typed(self[name].data) for name in names}
        return {"contact": {name: text for name, text in said.items() if text}}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    title: Any
    form: type[StepForm]


STEPS = {
    step.name: step
    for step in (
        Step("offence", _("The offence"), OffenceForm),
        Step("act", _("The data, and when"), ActForm),
        Step("found", _("How it was found, and what you did"), FoundForm),
        Step("narrative", _("What happened"), NarrativeForm),
        Step("proof", _("The proof"), ProofForm),
        Step("term", _("The term, and why"), TermForm),
        Step("contact", _("Where the letter goes"), ContactForm),
    )
}
BASIS = {basis.value: policy.PROOF_FOR[basis] for basis in sorted(LISTABLE)}


def demanded(document: Mapping[str, Any]) -> frozenset[Proof]:
    """What the draft's standard of proof demands; nothing before it is chosen."""
    basis = document.get("basis")
    return BASIS.get(basis, frozenset()) if isinstance(basis, str) and basis in set(Basis) else frozenset()
