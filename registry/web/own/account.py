"""`/account`: how and where one signs in."""

from __future__ import annotations

from flask import render_template
from flask_login import current_user

from registry.access import Action, needs
from registry.accounts import factors, sessions
from registry.web.context import actor, running
from registry.web.own.blueprint import bp


@bp.get("/account")
@needs(Action.HOME)
def account() -> str:
    run, who = running(), actor().id
    with run.store.read() as session:
        return render_template(
            "own/account.html",
            has_app=factors.is_enrolled(session, who),
            left=factors.left(session, who),
            devices=len(sessions.living(session, account_id=who, now=run.clock())),
            lacks_factor=current_user.lacks_factor,
        )
