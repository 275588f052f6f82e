"""What the forms have in common: the list of what is to be put right, in the order of the fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, SelectChoice, ValidationError
from wtforms.validators import InputRequired, NumberRange

from registry.errors import ZiluError
from registry.web.errors import in_words


class Form(FlaskForm):  # type: ignore[misc] # the package has no types
    """A form that says what is wrong twice, in the same words: in the summary and at the field."""

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(id of the field, what to do), first problem of each."""
        return [(field.id, field.errors[0]) for field in self if field.errors]

    def refuse(self, error: ZiluError, field: str | None = None) -> None:
        """Put what an action refused beside `field`, else the one that it names, else the first."""
        names = [field.name for field in self if field.type not in ("CSRFTokenField", "HiddenField", "SubmitField")]
        named = field or error.field
        beside = self[named if named in names else names[0]]
        beside.errors = [*beside.errors, in_words(error)]


class AtMost:
    """Text of at most so many characters; a browser's line end of two counts as one."""

    def __init__(self, most: int, what: str) -> None:
        self.most = most
        self.message = _("%(what)s must be %(most)s characters or less.", what=what, most=f"{most:,}")

    def __call__(self, _form: Form, field: Field) -> None:
        if len((field.data or "").replace("\r\n", "\n")) > self.most:
            raise ValidationError(self.message)


def options(words: Mapping[Any, Any]) -> list[SelectChoice]:
    """The choices of a field: each word of the domain with its text."""
    return [SelectChoice(word.value, text) for word, text in words.items()]


class Chosen:
    """One or more of the words of `kind`. Says what to do and, unlike the library's own check, repeats nothing."""

    def __init__(self, kind: Iterable[str], message: str) -> None:
        self.words = frozenset(kind)
        self.message = message

    def __call__(self, _form: Form, field: Field) -> None:
        chosen = field.data if isinstance(field.data, list) else [field.data]
        if not chosen or not self.words.issuperset(chosen):
            raise ValidationError(self.message)


class Whole:
    """A whole number from `least` to `most`; commas and spaces between its digits do not matter."""

    def __init__(self, least: int, most: int, message: str) -> None:
        self.least, self.most, self.message = least, most, message

    def __call__(self, _form: Form, field: Field) -> None:
        number = whole(field.data)
        if number is None or not self.least <= number <= self.most:
            raise ValidationError(self.message)


def whole(text: str | None) -> int | None:
    """The whole number that was typed; None for anything else."""
    digits = re.sub(r"[,， ]", "", text or "")
    return int(digits) if re.fullmatch(r"[0-9]{1,16}", digits, re.ASCII) else None


def typed(text: str | None) -> str:
    """What was typed, with line ends of one character (a browser sends two) and no space around it."""
    return (text or "").replace("\r\n", "\n").strip()


class WholeField(IntegerField):  # type: ignore[misc] # the package has no types
    """A whole number from `least` to `most`; `message` says so, whatever was typed."""

    def __init__(self, label: str, message: str, *, least: int, most: int, **options: Any) -> None:
        self.message = message
        super().__init__(label, [InputRequired(message), NumberRange(least, most, message)], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.message) from None


class DayField(Field):  # type: ignore[misc] # the package has no types
    """A day, asked for as year, month and day. `typed` is what was typed, as it was typed."""

    PARTS = ("year", "month", "day")

    def process_data(self, value: date | None) -> None:
        self.data = value
        self.typed = {part: str(getattr(value, part)) if value else "" for part in self.PARTS}

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.errors: Sequence[str] = []
        self.process_errors: list[str] = []
        self.process_data(data if data is not None else self.default)
        if formdata is not None and any(f"{self.name}-{part}" in formdata for part in self.PARTS):
            self.typed = {part: formdata.get(f"{self.name}-{part}", "").strip() for part in self.PARTS}
            self.raw_data = ["".join(self.typed.values())]
            self.data = self._read()

    def _read(self) -> date | None:
        if not any(self.typed.values()):
            return None
        try:
            return date(*(int(self.typed[part]) for part in self.PARTS))
        except ValueError:
            self.process_errors.append(_("Enter a day that is in the calendar: year, month and day."))
            return None


def params(field: Field, hint: str = "", *, more: Mapping[str, str] | None = None, **options: Any) -> dict[str, Any]:
    """What every component of a field takes (`templates/fields.html`), with `options` of its own."""
    attributes = dict(more or {}) | ({"aria-invalid": "true"} if field.errors else {})
    return {
        "id": field.id,
        "name": field.name,
        "label": {"text": field.label.text},
        "hint": {"text": hint} if hint else None,
        "errorMessage": _error(field.errors),
        "attributes": attributes,
        **options,
    }


def _error(errors: Sequence[str]) -> dict[str, Any] | None:
    return {"text": errors[0], "visuallyHiddenText": _("Error")} if errors else None


def register(app: Flask) -> None:
    app.jinja_env.globals["params"] = params
