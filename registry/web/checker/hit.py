"""`/check/<check>`: what stands behind a hit, and what is owed before it may weigh in a decision."""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.checks import actions
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running


@bp.get("/check/<check_id>")
@needs(Action.CHECK_READ)
def hit(check_id: str) -> str:
    """Reading it is an act that stands in the log and that the person can see."""
    run = running()
    with run.store.write() as session:
        details = actions.details(session, actor=actor(), check_id=check_id, now=run.clock())
    return render_template("checker/hit.html", details=details)
