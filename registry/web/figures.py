"""The figures that every audience sees, and the pictures beside their tables (`figures.html`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Response

from registry import policy
from registry.audit import figures
from registry.db import Session
from registry.errors import NotFound
from registry.members.actions import names
from registry.panels import statistics as panels
from registry.web.context import running
from registry.web.words import STEPS

Pictures = Mapping[str, Callable[[Session], bytes]]


def since() -> datetime:
    """From when on is counted."""
    return running().clock() - policy.OVERTURN_LOOKS_BACK


def common(session: Session) -> dict[str, Any]:
    """How long each step takes, and whose listings fell: what the macros of the tables ask for."""
    return {
        "since": since(),
        "durations": figures.durations(session, since=since()),
        "steps": STEPS,
        "targets": panels.targets,
        "overturned": panels.overturned(session, now=running().clock()),
        "names": names(session),
        "is_too_often": panels.is_too_often,
    }


def picture(pictures: Pictures, name: str) -> Response:
    """A picture of one table. It says nothing that the table does not."""
    if name not in pictures:
        raise NotFound("there is no such picture")
    with running().store.read() as session:
        return Response(pictures[name](session), mimetype="image/svg+xml")
