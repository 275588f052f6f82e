"""What the forms have in common: the list of what is to be put right, in the order of the fields."""

from __future__ import annotations

from enum import StrEnum

from flask_wtf import FlaskForm
from wtforms import Field, ValidationError

from registry.errors import Invalid
from registry.web.errors import sentence


class Form(FlaskForm):  # type: ignore[misc] # the package has no types
    """A form that says what is wrong twice, in the same words: in the summary and at the field."""

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(id of the field, what to do), first problem of each."""
        return [(field.id, field.errors[0]) for field in self if field.errors]

    def refuse(self, error: Invalid) -> None:
        """Put what an action refused beside the field that it names, or beside the first."""
        names = [field.name for field in self if field.type not in ("CSRFTokenField", "SubmitField")]
        field = self[error.field if error.field in names else names[0]]
        field.errors = [*field.errors, sentence(error.message)]


class AtMost:
    """Text of at most so many characters; a browser's line end of two counts as one."""

    def __init__(self, most: int, what: str) -> None:
        self.most = most
        self.message = f"{what} must be {most:,} characters or less."

    def __call__(self, _form: Form, field: Field) -> None:
        if len((field.data or "").replace("\r\n", "\n")) > self.most:
            raise ValidationError(self.message)


class Chosen:
    """One or more of the words of `kind`. Says what to do and, unlike the library's own check, repeats nothing."""

    def __init__(self, kind: type[StrEnum], message: str) -> None:
        self.words = frozenset(kind)
        self.message = message

    def __call__(self, _form: Form, field: Field) -> None:
        chosen = field.data if isinstance(field.data, list) else [field.data]
        if not chosen or not self.words.issuperset(chosen):
            raise ValidationError(self.message)
