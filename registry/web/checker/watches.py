"""`/check/watches`: the present staff who are watched, until when; begun and renewed with a check of a batch."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.policy import DAY
from registry.watches import actions
from registry.web.checker.blueprint import bp
from registry.web.context import actor, running

RENEW_SOON = 30 * DAY


@bp.get("/check/watches")
@needs(Action.WATCH)
def watched() -> str:
    run, who = running(), actor()
    now, after = run.clock(), request.args.get("after")
    with run.store.read() as session:
        shown = actions.page(session, actor=who, now=now, after=after)
        return render_template("checker/watches.html", watches=shown, after=after, soon=now + RENEW_SOON)


@bp.post("/check/history/<batch_id>/watch")
@needs(Action.WATCH)
def watch(batch_id: str) -> Response:
    """Watch everybody in the batch for a year; whoever is watched already is watched for a year from now."""
    run = running()
    with run.store.write() as session:
        actions.keep(session, actor=actor(), batch_id=batch_id, now=run.clock())
    return redirect(url_for("checker.watched"))


@bp.post("/check/watches/<watch_id>/end")
@needs(Action.WATCH)
def unwatch(watch_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        actions.cancel(session, actor=actor(), watch_id=watch_id, now=run.clock())
    return redirect(url_for("checker.watched"))
