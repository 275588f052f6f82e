from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TypeVar

from flask import Blueprint

from registry.db import Session
from registry.errors import Conflict, Invalid
from registry.web.context import running
from registry.web.forms import Form

bp = Blueprint("clerk", __name__)
Made = TypeVar("Made")


def done(form: Form, act: Callable[[Session, datetime], Made]) -> Made | None:
    """What the act made; None once its refusal stands on the form, beside the field that it names."""
    run = running()
    try:
        with run.store.write() as session:
            return act(session, run.clock())
    except (Conflict, Invalid) as error:
        form.refuse(error if isinstance(error, Invalid) else Invalid(error.message, code=error.code))
        return None


def ended(day: date | None, *, now: datetime) -> datetime:
    """The end of the day, or the present moment while it lasts: what is in doubt lengthens the person's time."""
    if day is None:
        raise Invalid("on must be a day", field="on")
    return now if day == now.astimezone(UTC).date() else datetime.combine(day, time.max, UTC)
