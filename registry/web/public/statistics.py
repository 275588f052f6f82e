"""`/statistics`, `/decisions`: what everyone may know of how the registry works. No case, no person, no panel."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from registry import policy
from registry.access import Action, needs
from registry.audit import figures
from registry.db import Session
from registry.members.actions import names
from registry.panels import statistics as panels
from registry.web import charts
from registry.web.context import running
from registry.web.figures import Pictures, common, picture, since
from registry.web.public.blueprint import bp
from registry.web.wording import month
from registry.web.words import STEPS

ROWS = 50


@bp.get("/statistics")
@needs(Action.PUBLIC)
def statistics() -> str:
    with running().store.read() as session:
        return render_template(
            "public/statistics.html",
            **common(session),
            months=figures.monthly(session, since=since()),
        )


@bp.get("/statistics/<name>.svg")
@needs(Action.PUBLIC)
def chart(name: str) -> Response:
    return picture(CHARTS, name)


@bp.get("/decisions")
@needs(Action.PUBLIC)
def decisions() -> str:
    with running().store.read() as session:
        found = panels.decisions(session)
    last = max(1, -(-len(found) // ROWS))
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return render_template(
        "public/decisions.html",
        decisions=found[(page - 1) * ROWS : page * ROWS],
        total=len(found),
        page=page,
        last=last,
        page_url=lambda page: url_for("public.decisions", page=page),
    )


def _times(session: Session) -> bytes:
    found = figures.durations(session, since=since())
    days = {str(STEPS[each.step]): each.median.total_seconds() / 86_400 for each in found}
    return charts.bars(_("Days that a step takes, median"), days)


def _months(session: Session) -> bytes:
    found = figures.monthly(session, since=since())[::-1]
    rows = {
        _("Reports filed"): [each.filed for each in found],
        _("Entries listed"): [each.listed for each in found],
        _("Appeals lodged"): [each.lodged for each in found],
        _("Appeals decided"): [each.decided for each in found],
    }
    return charts.grouped(_("What each month brought"), [month(each.month) for each in found], rows)


def _overturned(session: Session) -> bytes:
    found, known = panels.overturned(session, now=running().clock()), names(session)
    rates = {known[each.member]: 100 * each.overturned / each.decided for each in found}
    return charts.bars(_("Overturned listings, per cent"), rates, marks=[100 * policy.OVERTURN_INVESTIGATED])


CHARTS: Pictures = {"times": _times, "months": _months, "overturned": _overturned}
