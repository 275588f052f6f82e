"""`/account/prove`: the password once more, or a code, before something is signed, exported or done to keys.

A form that was sent too late for it is not lost: it waits in this page (`registry.web.carrying`), to be sent after it.
"""

from __future__ import annotations

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from werkzeug import Response
from wtforms import Field, HiddenField, PasswordField, StringField, ValidationError

from registry.access import Action, needs
from registry.accounts import actions, factors, passkeys
from registry.web import carrying
from registry.web.addresses import own_page
from registry.web.context import actor, running
from registry.web.forms import Form
from registry.web.own.blueprint import bp

WRONG_PASSWORD = _("This is not your password. After five failures an account pauses.")
WRONG_CODE = _("The code does not fit, or it was used before. After five failures an account pauses.")


class ProveForm(Form):
    password = PasswordField(_("Password"))
    code = StringField(_("Code"))
    carried = HiddenField()

    def validate_password(self, field: Field) -> None:
        if not (field.data or self.code.data):
            raise ValidationError(_("Enter your password, or a code of your app."))


@bp.route("/account/prove", methods=["GET", "POST"])
@needs(Action.HOME)
def prove() -> Response:
    if carrying.has_arrived():
        return _asked(ProveForm(formdata=None, carried=carrying.packed()))
    form = ProveForm()
    if form.validate_on_submit() and _proven(form):
        carried = carrying.unpacked(form.carried.data)
        if carried is not None:
            return make_response(render_template("own/carried.html", carried=carried))
        return redirect(own_page(request.args.get("next", "")) or url_for("home.home"))
    return _asked(form)


def _asked(form: ProveForm) -> Response:
    with running().store.read() as session:
        has_app = factors.has_app(session, actor().id)
        has_passkey = bool(passkeys.of_account(session, actor().id))
    how = {"has_app": has_app, "has_passkey": has_passkey, "next": request.args.get("next")}
    page = render_template("own/prove.html", form=form, **how)
    return make_response(page, 422 if form.errors else 200)


def _proven(form: ProveForm) -> bool:
    run, code = running(), form.code.data or ""
    right = False
    if not code:
        with run.store.read() as session:
            hashed = actions.password_of(session, actor().id)
        right = actions.matches(hashed, form.password.data)  # slow on purpose, so outside of any transaction
    with run.store.write() as session:
        proven = actions.prove_again(session, token=current_user.token, right=right, code=code, now=run.clock())
    if not proven:
        field, wrong = (form.code, WRONG_CODE) if code else (form.password, WRONG_PASSWORD)
        field.errors = [wrong]
    return proven
