"""`/sign-in`, `/sign-in/code` and `/sign-out`, for people who have an account.

Between password and code the browser holds, in the signed cookie, for whom the password was right and when.
"""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, request, session, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.accounts import actions, factors, passkeys, sessions
from registry.web import challenges
from registry.web.addresses import own_page
from registry.web.auth import admit, dismiss
from registry.web.context import running
from registry.web.forms import Form
from registry.web.public.blueprint import bp

# One sentence for a name that is unknown, an account that is closed and a password that is wrong.
REFUSED = _("Account name and password do not fit together. Enter both again. After five failures an account pauses.")
WRONG_CODE = _("The code does not fit, or it was used before. Enter the one that your app shows now.")


class SignInForm(Form):
    account = StringField(_("Account name"), [InputRequired(_("Enter your account name."))])
    password = PasswordField(_("Password"), [InputRequired(_("Enter your password."))])


class CodeForm(Form):
    code = StringField(_("Code"), [InputRequired(_("Enter the code."))])


@bp.route("/sign-in", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def sign_in() -> Response:
    form = SignInForm()
    if form.validate_on_submit():
        account_id = form.account.data.strip()
        try:
            if _let_in(account_id, right=_is_right(account_id, form.password.data)):
                return _onwards()
            form.account.errors = [REFUSED]
        except actions.CodeNeeded:
            session["passed"] = {"account": account_id, "at": running().clock().isoformat()}
            return redirect(url_for("public.code", next=request.args.get("next")))
    how = {"has_passkeys": challenges.site().has_passkeys, "next": request.args.get("next")}
    return make_response(render_template("public/sign_in.html", form=form, **how), 422 if form.errors else 200)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def code() -> Response:
    """The second step; whoever has not taken the first, or has taken long, begins again."""
    form, account_id = CodeForm(), _passed()
    if account_id is None:
        return redirect(url_for("public.sign_in", next=request.args.get("next")))
    if form.validate_on_submit():
        if _let_in(account_id, right=True, code=form.code.data):
            return _onwards()
        form.code.errors = [WRONG_CODE]
    with running().store.read() as db:
        has_app = factors.has_app(db, account_id)
        has_passkeys = bool(passkeys.of_account(db, account_id))
    how = {"has_app": has_app, "has_passkeys": has_passkeys, "next": request.args.get("next")}
    return make_response(render_template("public/code.html", form=form, **how), 422 if form.errors else 200)


def _passed() -> str | None:
    """For whom this browser has given the right password just now."""
    passed = session.get("passed")
    if passed is None or running().clock() >= datetime.fromisoformat(passed["at"]) + policy.SECOND_STEP_WITHIN:
        return None
    account_id: str = passed["account"]
    return account_id


def _is_right(account_id: str, password: str) -> bool:
    with running().store.read() as db:
        hashed = actions.password_of(db, account_id)
    return actions.matches(hashed, password)  # slow on purpose, so outside of any transaction


def _let_in(account_id: str, *, right: bool, code: str | None = None) -> bool:
    run, device = running(), request.user_agent.string
    with run.store.write() as db:
        token = actions.sign_in(db, account_id=account_id, right=right, now=run.clock(), device=device, code=code)
        actor = actions.session_actor(db, token=token, now=run.clock()) if token else None
    if token is None or actor is None:
        return False
    admit(token, actor)
    return True


def _onwards() -> Response:
    return redirect(own_page(request.args.get("next", "")) or url_for("home.home"))


@bp.post("/sign-out")
@needs(Action.HOME)
def sign_out() -> Response:
    run = running()
    with run.store.write() as db:
        sessions.sign_out(db, token=current_user.token, now=run.clock())
    dismiss()
    return redirect(url_for("public.start"))
