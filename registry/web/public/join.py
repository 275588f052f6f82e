"""`/join`: an invited person enters the code of the invitation, then chooses a password or makes a passkey.

Account and code may stand in the fragment of the link, which no server ever sees; the page's script puts them into
their fields.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired

from registry import policy
from registry.access import Action, needs
from registry.accounts import actions as accounts
from registry.accounts import passkeys
from registry.errors import Conflict, Invalid
from registry.invitations import actions
from registry.web import challenges
from registry.web.auth import admit
from registry.web.context import running, sent
from registry.web.forms import Form
from registry.web.public.blueprint import bp

REFUSED = _("Account name and code do not fit together, or the invitation is not open now. Ask your administrator.")


class JoinForm(Form):
    account = StringField(_("Account name"), [InputRequired(_("Enter your account name."))])
    code = StringField(_("Code of the invitation"), [InputRequired(_("Enter the code of the invitation."))])


class SecretForm(Form):
    password = PasswordField(_("New password"), [InputRequired(_("Enter a password."))])
    again = PasswordField(_("The same once more"), [EqualTo("password", _("Enter the same password twice."))])


@bp.route("/join", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def join() -> Response:
    form, run = JoinForm(), running()
    if form.validate_on_submit():
        with run.store.write() as db:
            found = actions.enter(db, account_id=form.account.data.strip(), code=form.code.data, now=run.clock())
        if found is not None:
            session["invited"] = {"id": found, "at": run.clock().isoformat()}
            return redirect(url_for("public.join_secret"))
        form.account.errors = [REFUSED]
    return make_response(render_template("public/join.html", form=form), 422 if form.errors else 200)


@bp.route("/join/secret", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def join_secret() -> Response:
    """A password, then the second factor on a page of its own."""
    form, invited = SecretForm(), _invited()
    if invited is None:
        return redirect(url_for("public.join"))
    if form.validate_on_submit():
        try:
            _accept(invited, hashed=accounts.hashed(form.password.data))
            return redirect(url_for("own.account"))
        except Invalid as error:
            form.refuse(error)
    page = render_template("public/join_secret.html", form=form, has_passkeys=challenges.site().has_passkeys)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/join/passkey/begin")
@needs(Action.PUBLIC)
def join_begin() -> dict[str, Any]:
    """{} → what `navigator.credentials.create` takes as JSON."""
    sent()
    run, asked = running(), challenges.fresh()
    with run.store.read() as db:
        row = actions.require(db, invitation_id=_required(), now=run.clock())
        return passkeys.offer(db, account_id=row.account_id, site=challenges.site(), asked=asked)


@bp.post("/join/passkey/finish")
@needs(Action.PUBLIC)
def join_finish() -> dict[str, Any]:
    """{"credential", "name"} → {"next"}, and a session. The invitation is used up when the passkey is there."""
    body = sent(credential=dict, name=str)
    _accept(_required(), hashed=None, passkey=body)
    return {"next": url_for("own.account")}


def _accept(invitation_id: str, *, hashed: str | None, passkey: dict[str, Any] | None = None) -> None:
    run, device = running(), request.user_agent.string
    asked = challenges.asked() if passkey else None
    with run.store.write() as db:
        now = run.clock()
        token = actions.accept(db, invitation_id=invitation_id, hashed=hashed, now=now, device=device)
        actor = accounts.session_actor(db, token=token, now=now)
        if passkey and asked:
            passkeys.add(db, account_id=actor.id, asked=asked, site=challenges.site(), now=now, **passkey)
    admit(token, actor)


def _invited() -> str | None:
    """The invitation whose code this browser has entered just now."""
    kept = session.get("invited")
    if kept is None or running().clock() >= datetime.fromisoformat(kept["at"]) + policy.JOIN_WITHIN:
        return None
    invitation_id: str = kept["id"]
    return invitation_id


def _required() -> str:
    if (invited := _invited()) is None:
        raise Conflict("enter the code of your invitation first")
    return invited
