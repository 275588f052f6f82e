"""`/regulator/reads`: what one has read oneself, as it stands in the log."""

from __future__ import annotations

from itertools import islice

from flask import render_template

from registry.access import Action, needs
from registry.audit import readings
from registry.web.context import actor, running
from registry.web.regulator.blueprint import bp

ROWS = 200
VERBS = frozenset({"regulator.read", "regulator.export", "regulator.sample"})


@bp.get("/regulator/reads")
@needs(Action.ENTRY_LIST)
def reads() -> str:
    with running().store.read() as session:
        rows = list(islice(readings.of_account(session, actor().id, VERBS), ROWS))
    return render_template("regulator/reads.html", rows=rows)
