"""`/sign-in` and `/sign-out`, for people who have an account."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts import actions, sessions
from registry.web.addresses import own_page
from registry.web.auth import admit, dismiss
from registry.web.context import running
from registry.web.forms import Form
from registry.web.public.blueprint import bp

# One sentence for a name that is unknown, an account that is closed and a password that is wrong.
REFUSED = _("Account name and password do not fit together. Enter both again. After five failures an account pauses.")


class SignInForm(Form):
    account = StringField(_("Account name"), [InputRequired(_("Enter your account name."))])
    password = PasswordField(_("Password"), [InputRequired(_("Enter your password."))])


@bp.route("/sign-in", methods=["GET", "POST"])
@needs(Action.PUBLIC)
def sign_in() -> Response:
    form = SignInForm()
    if form.validate_on_submit() and _let_in(form):
        return redirect(own_page(request.args.get("next", "")) or url_for("home.home"))
    return make_response(render_template("public/sign_in.html", form=form), 422 if form.errors else 200)


def _let_in(form: SignInForm) -> bool:
    run, account_id = running(), form.account.data.strip()
    with run.store.read() as session:
        hashed = actions.password_of(session, account_id)
    right = actions.matches(hashed, form.password.data)  # slow on purpose, so outside of any transaction
    with run.store.write() as session:
        token = actions.sign_in(
            session, account_id=account_id, right=right, now=run.clock(), device=request.user_agent.string
        )
        actor = actions.session_actor(session, token=token, now=run.clock()) if token else None
    if token is None or actor is None:
        form.account.errors = [REFUSED]
        return False
    admit(token, actor)
    return True


@bp.post("/sign-out")
@needs(Action.HOME)
def sign_out() -> Response:
    run = running()
    with run.store.write() as session:
        sessions.sign_out(session, token=current_user.token, now=run.clock())
    dismiss()
    return redirect(url_for("public.start"))
