"""`/account/passkeys`: the passkeys of one's account: make one, take one away, prove with one that it is oneself."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug import Response

from registry.access import Action, needs, proven
from registry.accounts import passkeys as keys
from registry.errors import Forbidden
from registry.web import challenges
from registry.web.addresses import own_page
from registry.web.context import actor, running, sent
from registry.web.own.blueprint import bp


@bp.get("/account/passkeys")
@needs(Action.HOME)
@proven
def passkeys() -> str:
    with running().store.read() as session:
        shown = [(row, keys.name_of(session, row)) for row in keys.of_account(session, actor().id)]
    return render_template("own/passkeys.html", passkeys=shown, has_passkeys=challenges.site().has_passkeys)


@bp.post("/account/passkeys/begin")
@needs(Action.HOME)
@proven
def begin_passkey() -> dict[str, Any]:
    """{} → what `navigator.credentials.create` takes as JSON."""
    sent()
    asked = challenges.fresh()
    with running().store.read() as session:
        return keys.offer(session, account_id=actor().id, site=challenges.site(), asked=asked)


@bp.post("/account/passkeys/finish")
@needs(Action.HOME)
@proven
def finish_passkey() -> dict[str, Any]:
    """{"credential", "name"} → {"next"}."""
    body, run, asked = sent(credential=dict, name=str), running(), challenges.asked()
    with run.store.write() as session:
        keys.add(session, account_id=actor().id, asked=asked, site=challenges.site(), now=run.clock(), **body)
    return {"next": url_for("own.passkeys")}


@bp.post("/account/passkeys/<passkey_id>/remove")
@needs(Action.HOME)
@proven
def remove_passkey(passkey_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        keys.remove(session, account_id=actor().id, passkey_id=passkey_id, now=run.clock())
    return redirect(url_for("own.passkeys"))


@bp.post("/account/prove/begin")
@needs(Action.HOME)
def begin_proof() -> dict[str, Any]:
    """{} → what `navigator.credentials.get` takes as JSON."""
    sent()
    return keys.ask(site=challenges.site(), asked=challenges.fresh())


@bp.post("/account/prove/finish")
@needs(Action.HOME)
def finish_proof() -> dict[str, Any]:
    """{"credential"} → {"next"}."""
    body, run, asked = sent(credential=dict), running(), challenges.asked()
    with run.store.write() as session:
        how = {"credential": body["credential"], "asked": asked, "site": challenges.site(), "now": run.clock()}
        is_proven = keys.prove(session, token=current_user.token, **how)
    if not is_proven:
        raise Forbidden("this passkey is not one of your account; use another, or your password")
    return {"next": own_page(request.args.get("next", "")) or url_for("home.home")}
