"""`/regulator/statistics`: figures as tables, and pictures of them at addresses of their own."""

from __future__ import annotations

from flask import Response, render_template
from flask_babel import gettext as _

from registry import policy
from registry.access import Action, needs
from registry.audit import figures
from registry.db import Session
from registry.web import charts
from registry.web.context import running
from registry.web.figures import Pictures, common, picture, since
from registry.web.regulator.blueprint import bp
from registry.web.wording import gravity, state


@bp.get("/regulator/statistics")
@needs(Action.ENTRY_LIST)
def statistics() -> str:
    with running().store.read() as session:
        return render_template(
            "regulator/statistics.html",
            **common(session),
            entries=figures.entries(session, now=running().clock()),
            levels=[step.level for step in policy.LADDER],
            asked=figures.asked(session, since=since()),
        )


@bp.get("/regulator/statistics/<name>.svg")
@needs(Action.ENTRY_LIST)
def chart(name: str) -> Response:
    return picture(CHARTS, name)


def _entries(session: Session) -> bytes:
    found = figures.entries(session, now=running().clock())
    levels = [step.level for step in reversed(policy.LADDER)]
    rows = {state(name): [counts[level] for level in levels] for name, counts in found.items()}
    return charts.stacked(_("Entries by level and state"), [gravity(level) for level in levels], rows)


def _asked(session: Session) -> bytes:
    found = figures.asked(session, since=since())
    rates = {each.member: 100 * each.rate for each in found}
    return charts.bars(_("Hits, per cent of checks"), rates, marks=[100 * edge for edge in policy.HIT_RATE_BAND])


CHARTS: Pictures = {
    "entries": _entries,
    "asked": _asked,
}
