"""`/check/decisions`: the hits of the unit that a named person still has to decide upon."""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.checks import decisions
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running


@bp.get("/check/decisions")
@needs(Action.CHECK_READ)
def owed() -> str:
    with running().store.read() as session:
        return render_template("checker/decisions.html", owed=decisions.owed(session, actor=actor()))
