"""`/account/devices`: where one is signed in, since when, and the end of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug import Response

from registry.access import Action, needs
from registry.accounts import sessions
from registry.web.context import actor, running
from registry.web.own.blueprint import bp


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    name: str  # as the browser calls itself
    since: datetime
    seen: datetime
    is_this: bool


@bp.get("/account/devices")
@needs(Action.HOME)
def devices() -> str:
    run, here = running(), sessions.hashed_token(current_user.token)
    with run.store.read() as session:
        rows = sessions.living(session, account_id=actor().id, now=run.clock())
        shown = [
            Device(row.id, sessions.device_of(session, row), row.opened_at, sessions.last_seen(row), row.id == here)
            for row in rows
        ]
    return render_template("own/devices.html", devices=shown)


@bp.post("/account/devices/<session_id>/end")
@needs(Action.HOME)
def end_device(session_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        sessions.end(session, account_id=actor().id, session_id=session_id, now=run.clock())
    return redirect(url_for("own.devices"))


@bp.post("/account/devices/end-others")
@needs(Action.HOME)
def end_other_devices() -> Response:
    run = running()
    with run.store.write() as session:
        here = sessions.hashed_token(current_user.token)
        sessions.end_others(session, account_id=actor().id, but=here, now=run.clock())
    return redirect(url_for("own.devices"))
