"""`/account/codes`: the app that shows codes: set it up with a picture, get recovery codes, take it away."""

from __future__ import annotations

from io import BytesIO

import pyotp
import segno
from flask import Response, make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response as AnyResponse
from wtforms import StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs, proven
from registry.accounts import factors
from registry.errors import Invalid, NotFound
from registry.web.context import actor, running
from registry.web.forms import Form
from registry.web.own.blueprint import bp


class CodeForm(Form):
    code = StringField(_("Code"), [InputRequired(_("Enter the code that the app shows."))])


@bp.get("/account/codes")
@needs(Action.HOME)
@proven
def codes() -> AnyResponse:
    return _page(CodeForm())


@bp.post("/account/codes")
@needs(Action.HOME)
@proven
def confirm_codes() -> AnyResponse:
    """The page with the recovery codes is the answer itself: they are nowhere to be read again."""
    run, form = running(), CodeForm()
    if not form.validate_on_submit():
        return _page(form)
    try:
        with run.store.write() as session:
            spare = factors.confirm(session, account_id=actor().id, code=form.code.data, now=run.clock())
    except Invalid as error:
        form.refuse(error)
        return _page(form)
    return _spare(spare)


@bp.post("/account/codes/begin")
@needs(Action.HOME)
@proven
def begin_codes() -> AnyResponse:
    run = running()
    with run.store.write() as session:
        factors.begin(session, account_id=actor().id, now=run.clock())
    return redirect(url_for("own.codes"))


@bp.get("/account/codes/picture.svg")
@needs(Action.HOME)
@proven
def codes_picture() -> Response:
    """What the app's camera reads: `otpauth://totp/…`, as a QR code."""
    secret, drawn = _unconfirmed(), BytesIO()
    if secret is None:
        raise NotFound("there is no app that waits for its first code")
    segno.make(_address(secret)).save(drawn, kind="svg", scale=5, light="#fff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/account/codes/renew")
@needs(Action.HOME)
@proven
def renew_codes() -> AnyResponse:
    run = running()
    with run.store.write() as session:
        spare = factors.renew(session, account_id=actor().id, now=run.clock())
    return _spare(spare)


@bp.post("/account/codes/remove")
@needs(Action.HOME)
@proven
def remove_codes() -> AnyResponse:
    run = running()
    with run.store.write() as session:
        factors.remove(session, account_id=actor().id, now=run.clock())
    return redirect(url_for("own.account"))


def _page(form: CodeForm) -> AnyResponse:
    with running().store.read() as session:
        has_app, left = factors.has_app(session, actor().id), factors.left(session, actor().id)
    page = render_template("own/codes.html", form=form, secret=_unconfirmed(), has_app=has_app, left=left)
    return make_response(page, 422 if form.errors else 200)


def _spare(codes: list[str]) -> AnyResponse:
    return make_response(render_template("own/spare_codes.html", codes=codes))


def _unconfirmed() -> str | None:
    with running().store.read() as session:
        return factors.unconfirmed(session, actor().id)


def _address(secret: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=actor().id, issuer_name=running().settings.registry.name)
