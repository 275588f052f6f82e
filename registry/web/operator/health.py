"""`/operator/health`: what `zilu doctor` says."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from registry.access import Action, needs
from registry.errors import ZiluError
from registry.health import CHECKS
from registry.web.context import running
from registry.web.errors import in_words
from registry.web.operator.blueprint import bp
from registry.web.words import HEALTH


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    trouble: str | None


@bp.get("/operator/health")
@needs(Action.SERVICE_READ)
def health() -> str:
    return render_template("operator/health.html", lines=[_line(name) for name in CHECKS])


def _line(name: str) -> Line:
    try:
        CHECKS[name](running())
    except ZiluError as error:
        return Line(str(HEALTH.get(name, name)), in_words(error))
    return Line(str(HEALTH.get(name, name)), None)
