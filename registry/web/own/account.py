"""`/account`: how and where one signs in."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug import Response

from registry.access import Action, needs
from registry.accounts import factors, passkeys, sessions
from registry.invitations import actions
from registry.web.context import actor, running
from registry.web.own.blueprint import bp


@bp.get("/account")
@needs(Action.HOME)
def account() -> str:
    run, who = running(), actor().id
    with run.store.read() as session:
        return render_template(
            "own/account.html",
            has_app=factors.has_app(session, who),
            left=factors.left(session, who),
            devices=len(sessions.living(session, account_id=who, now=run.clock())),
            lacks_factor=current_user.lacks_factor,
            passkeys=len(passkeys.of_account(session, who)),
            recovery=actions.open_one(session, who, run.clock()),
        )


@bp.post("/account/recovery/refuse")
@needs(Action.HOME)
def refuse_recovery() -> Response:
    run = running()
    with run.store.write() as session:
        actions.refuse(session, account_id=actor().id, now=run.clock())
    return redirect(url_for("own.account"))
