"""One act for one form: done in a transaction of its own, or refused beside the field that the refusal names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from registry.db import Session
from registry.errors import Conflict, Invalid, NotFound
from registry.web.context import running
from registry.web.forms import Form

Made = TypeVar("Made")


def done(form: Form, act: Callable[[Session, datetime], Made]) -> Made | None:
    """What the act made; None once its refusal stands on the form, beside the field that it names or the first.

    What is not there is refused beside its field, or, where the form does not ask for it, with a page of its own.
    """
    run = running()
    try:
        with run.store.write() as session:
            return act(session, run.clock())
    except (Conflict, Invalid, NotFound) as error:
        if isinstance(error, NotFound) and error.field not in form:
            raise
        form.refuse(error)
        return None
