"""`/member/keys`: whose hand each key is; one is enrolled after its fingerprint was compared, and can be revoked."""

from __future__ import annotations

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts.models import Account
from registry.db import Session
from registry.errors import Conflict, Invalid
from registry.keys import actions, queries
from registry.signing import keys
from registry.web.context import actor, running
from registry.web.forms import Form
from registry.web.member.blueprint import bp


class EnrolForm(Form):
    account = SelectField(_("Whose key is it?"), [InputRequired(_("Select an account."))], validate_choice=False)
    key = StringField(_("Public key"), [InputRequired(_("Enter the public key: 43 letters, digits, - and _."))])
    compared = BooleanField(_("They have read the same fingerprint to me, face to face or on the telephone"))
    seen = HiddenField()  # the fingerprint that stood on the page


@bp.route("/member/keys", methods=["GET", "POST"])
@needs(Action.KEY_ENROL)
def keys_of_member() -> Response:
    """A key is enrolled in two steps: its fingerprint is shown, and then confirmed, of this key and no other."""
    form = EnrolForm()
    form.account.choices = _accounts()
    shown = _fingerprint(form) if form.validate_on_submit() else None
    if shown and _is_compared(form, shown) and _enrolled(form):
        return redirect(url_for("member.keys_of_member"))
    return make_response(_page(form, shown), 422 if form.errors else 200)


@bp.post("/member/keys/<kid>/revocation")
@needs(Action.KEY_REVOKE)
def revoke(kid: str) -> Response:
    run = running()
    with run.store.write() as session:
        actions.revoke(session, actor=actor(), kid=kid, now=run.clock())
    return redirect(url_for("member.keys_of_member"))


def _accounts() -> list[tuple[str, str]]:
    with running().store.read() as session:
        own = sa.select(Account.id).where(Account.member_id == actor().member_id, Account.closed_at.is_(None))
        return [("", str(_("Select"))), *((id, id) for id in session.scalars(own.order_by(Account.id)))]


def _jwk(form: EnrolForm) -> dict[str, object]:
    return {"crv": "Ed25519", "kty": "OKP", "x": form.key.data.strip()}


def _fingerprint(form: EnrolForm) -> str | None:
    try:
        return keys.fingerprint(keys.thumbprint(keys.from_jwk(_jwk(form))))
    except Invalid:
        form.key.errors = [_("This is no public key. Copy it whole: 43 letters, digits, - and _.")]
        return None


def _is_compared(form: EnrolForm, shown: str) -> bool:
    if form.seen.data != shown:
        form.seen.data, form.compared.data = shown, False
    elif not form.compared.data:
        form.compared.errors = [_("Compare the fingerprint with the person, and confirm that it is the same.")]
    return bool(form.compared.data)


def _enrolled(form: EnrolForm) -> bool:
    run = running()
    try:
        with run.store.write() as session:
            actions.enrol(session, actor=actor(), account_id=form.account.data, jwk=_jwk(form), now=run.clock())
    except Conflict as error:
        form.refuse(error)
        return False
    return True


def _page(form: EnrolForm, shown: str | None) -> str:
    with running().store.read() as session:
        return render_template("member/keys.html", form=form, shown=shown, rows=_rows(session))


def _rows(session: Session) -> list[dict[str, object]]:
    return [
        {"key": key, "fingerprint": keys.fingerprint(key.kid)} for key in queries.of_member(session, actor().member_id)
    ]
