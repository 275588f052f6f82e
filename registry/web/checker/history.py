"""`/check/history`: what the unit has asked, as proof without content: when, why, how many, and the signed receipts.

Nobody is named here, since the registry does not know: a check is known by its place in the file that was asked about.
"""

from __future__ import annotations

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.checks import outcome, queries
from registry.checks.models import Batch, Check
from registry.errors import Invalid
from registry.policy import Purpose
from registry.watches import actions as watches
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running

ROWS = 50
CHECKS = 100


@bp.get("/check/history")
@needs(Action.CHECK_READ)
def history() -> str:
    page = _page()
    wanted = sa.select(Batch).where(Batch.unit_id == actor().unit_id)
    with running().store.read() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
        newest = wanted.order_by(Batch.at.desc(), Batch.id).offset((page - 1) * ROWS).limit(ROWS)
        return render_template(
            "checker/history.html",
            batches=session.scalars(newest).all(),
            total=total,
            page=page,
            last=max(1, -(-total // ROWS)),
            page_url=lambda number: url_for("checker.history", page=number),
        )


@bp.get("/check/history/<batch_id>")
@needs(Action.CHECK_READ)
def batch(batch_id: str) -> str:
    page, run = _page(), running()
    with run.store.read() as session:
        found = queries.require_batch(session, actor(), batch_id)
        shown = sa.select(Check).where(Check.batch_id == found.id).order_by(Check.ordinal)
        return render_template(
            "checker/batch.html",
            batch=found,
            checks=session.scalars(shown.offset((page - 1) * CHECKS).limit(CHECKS)).all(),
            is_hiring=found.purpose is Purpose.HIRING,
            can_be_watched=found.purpose is Purpose.PRESENT_STAFF and watches.is_fresh(found.at, run.clock()),
            page=page,
            last=max(1, -(-found.count // CHECKS)),
            page_url=lambda number: url_for("checker.batch", batch_id=batch_id, page=number),
        )


@bp.post("/check/<check_id>/outcome")
@needs(Action.CHECK_CLOSE)
def close(check_id: str) -> Response:
    """Hired or not, of somebody without a hit; after a hit the decision says it."""
    said = {"yes": True, "no": False}.get(request.form.get("hired", ""))
    if said is None:
        raise Invalid("hired must be yes or no", field="hired")
    run = running()
    with run.store.write() as session:
        check = outcome.close(session, actor=actor(), check_id=check_id, hired=said, now=run.clock())
    page = check.ordinal // CHECKS + 1
    return redirect(url_for("checker.batch", batch_id=check.batch_id, page=page, _anchor=check.id))


def _page() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), 10**6)
