"""`/sign-in/passkey`: the way in with a passkey, for the script of the sign-in pages. Names nobody."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from registry.access import Action, needs
from registry.accounts import actions, passkeys
from registry.errors import Unauthenticated
from registry.web import challenges
from registry.web.addresses import own_page
from registry.web.auth import admit
from registry.web.context import running, sent
from registry.web.public.blueprint import bp


@bp.post("/sign-in/passkey/begin")
@needs(Action.PUBLIC)
def begin_passkey() -> dict[str, Any]:
    """{} → what `navigator.credentials.get` takes as JSON."""
    sent()
    return passkeys.ask(site=challenges.site(), asked=challenges.fresh())


@bp.post("/sign-in/passkey/finish")
@needs(Action.PUBLIC)
def finish_passkey() -> dict[str, Any]:
    """{"credential"} → {"next"}, and a session."""
    body, run = sent(credential=dict), running()
    asked, device = challenges.asked(), request.user_agent.string
    with run.store.write() as db:
        token = passkeys.sign_in(
            db, credential=body["credential"], asked=asked, site=challenges.site(), now=run.clock(), device=device
        )
        actor = actions.session_actor(db, token=token, now=run.clock()) if token else None
    if token is None or actor is None:
        raise Unauthenticated("this passkey belongs to no account here; sign in with your password")
    admit(token, actor)
    return {"next": own_page(request.args.get("next", "")) or url_for("home.home")}
