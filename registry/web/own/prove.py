"""`/account/prove`: the password once more, before something is signed, exported or done to keys."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts import actions
from registry.web.addresses import own_page
from registry.web.context import actor, running
from registry.web.forms import Form
from registry.web.own.blueprint import bp


class ProveForm(Form):
    password = PasswordField(_("Password"), [InputRequired(_("Enter your password."))])


@bp.route("/account/prove", methods=["GET", "POST"])
@needs(Action.HOME)
def prove() -> Response:
    form = ProveForm()
    if form.validate_on_submit() and _proven(form):
        return redirect(own_page(request.args.get("next", "")) or url_for("home.home"))
    return make_response(render_template("own/prove.html", form=form), 422 if form.errors else 200)


def _proven(form: ProveForm) -> bool:
    run = running()
    with run.store.read() as session:
        hashed = actions.password_of(session, actor().id)
    right = actions.matches(hashed, form.password.data)  # slow on purpose, so outside of any transaction
    with run.store.write() as session:
        is_proven = actions.prove_again(session, token=current_user.token, right=right, now=run.clock())
    if not is_proven:
        form.password.errors = [_("This is not your password. After five failures an account pauses.")]
    return is_proven
