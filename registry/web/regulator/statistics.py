"""`/regulator/statistics`: figures as tables, and pictures of them at addresses of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response, render_template
from flask_babel import gettext as _

from registry import policy
from registry.access import Action, needs
from registry.audit import figures
from registry.db import Session
from registry.errors import NotFound
from registry.members.actions import names
from registry.panels import statistics as panels
from registry.web import charts
from registry.web.context import running
from registry.web.regulator.blueprint import bp
from registry.web.wording import gravity, state
from registry.web.words import STEPS


@bp.get("/regulator/statistics")
@needs(Action.ENTRY_LIST)
def statistics() -> str:
    run = running()
    since = run.clock() - policy.OVERTURN_LOOKS_BACK
    with run.store.read() as session:
        return render_template(
            "regulator/statistics.html",
            since=since,
            entries=figures.entries(session, now=run.clock()),
            levels=[step.level for step in policy.LADDER],
            durations=figures.durations(session, since=since),
            steps=STEPS,
            targets=panels.targets,
            overturned=panels.overturned(session, now=run.clock()),
            names=names(session),
            is_too_often=panels.is_too_often,
            asked=figures.asked(session, since=since),
        )


@bp.get("/regulator/statistics/<name>.svg")
@needs(Action.ENTRY_LIST)
def chart(name: str) -> Response:
    """A picture of one table. It says nothing that the table does not."""
    if name not in CHARTS:
        raise NotFound("there is no such picture")
    with running().store.read() as session:
        return Response(CHARTS[name](session), mimetype="image/svg+xml")


def _entries(session: Session) -> bytes:
    found = figures.entries(session, now=running().clock())
    levels = [step.level for step in reversed(policy.LADDER)]
    rows = {state(name): [counts[level] for level in levels] for name, counts in found.items()}
    return charts.stacked(_("Entries by level and state"), [gravity(level) for level in levels], rows)


def _asked(session: Session) -> bytes:
    found = figures.asked(session, since=running().clock() - policy.OVERTURN_LOOKS_BACK)
    rates = {each.member: 100 * each.rate for each in found}
    return charts.bars(_("Hits, per cent of checks"), rates, marks=[100 * edge for edge in policy.HIT_RATE_BAND])


CHARTS: Mapping[str, Callable[[Session], bytes]] = {
    "entries": _entries,
    "asked": _asked,
}
