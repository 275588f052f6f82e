"""`/member/people`: who of the member has an account, what they may do, how they sign in; open, invite, close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts import actions, factors, passkeys
from registry.accounts.models import Account, ApiClient
from registry.accounts.rules import Role, Scope
from registry.db import Session
from registry.errors import NotFound
from registry.invitations import actions as invitations
from registry.invitations.models import Invitation
from registry.members.actions import get
from registry.members.models import Unit
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form
from registry.web.member.blueprint import bp
from registry.web.wording import state


@dataclass(frozen=True, slots=True)
class Person:
    """An account as its administrator sees it."""

    account: Account
    name: str
    unit: str
    invitation: Invitation | None
    ways: list[str]  # in: password, app, passkey, program


class PersonForm(Form):
    id = StringField(_("Account name"), [InputRequired(_("Enter an account name."))])
    name = StringField(
        _("The person’s name"), [InputRequired(_("Enter the person’s name.")), AtMost(80, _("The name"))]
    )
    unit = SelectField(_("Unit"), validate_choice=False)
    roles = SelectMultipleField(_("What may they do?"), [InputRequired(_("Select a role."))], validate_choice=False)


class ClientForm(Form):
    key = StringField(_("Public key"), [InputRequired(_("Enter the public key: 43 letters, digits, - and _."))])
    scopes = SelectMultipleField(_("What for?"), [InputRequired(_("Select a purpose."))], validate_choice=False)


@bp.get("/member/people")
@needs(Action.MEMBER_READ)
def people() -> str:
    run = running()
    with run.store.read() as session:
        own = sa.select(Account).where(Account.member_id == actor().member_id).order_by(Account.id)
        shown = [_person(session, account) for account in session.scalars(own)]
        return render_template("member/people.html", people=shown, member=get(session, actor().member_id))


@bp.route("/member/people/new", methods=["GET", "POST"])
@needs(Action.ACCOUNT_OPEN)
def new_person() -> Response:
    """The account and its invitation, in one transaction."""
    run, form = running(), PersonForm()
    with run.store.read() as session:
        _offer(session, form)
    if form.validate_on_submit():
        invited = done(form, lambda session, now: _opened(session, form, now))
        if invited is not None:
            return invited
    return make_response(render_template("member/new_person.html", form=form), 422 if form.errors else 200)


@bp.get("/member/people/<account_id>")
@needs(Action.MEMBER_READ)
def person(account_id: str) -> Response:
    return _page(account_id, ClientForm())


@bp.post("/member/people/<account_id>/invitation")
@needs(Action.ACCOUNT_OPEN)
def invite_person(account_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        return _invited(session, account_id, run.clock())


@bp.post("/member/people/<account_id>/closing")
@needs(Action.ACCOUNT_OPEN)
def close_person(account_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        actions.close_account(session, account_id=account_id, actor=actor(), now=run.clock())
    return redirect(url_for("member.people"))


@bp.post("/member/people/<account_id>/program")
@needs(Action.ACCOUNT_OPEN)
def enrol_program(account_id: str) -> Response:
    """The key with which the account's program signs in."""
    form = ClientForm()
    form.scopes.choices = _scopes()
    if not form.validate_on_submit():
        return _page(account_id, form)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": form.key.data.strip()}
    scopes = [Scope(name) for name in form.scopes.data if name in set(Scope)]
    how: dict[str, Any] = {"account_id": account_id, "jwk": jwk, "scopes": scopes}
    done(form, lambda session, now: actions.enrol_client(session, actor=actor(), now=now, **how))
    if form.errors:
        return _page(account_id, form)
    return redirect(url_for("member.person", account_id=account_id))


def _page(account_id: str, form: ClientForm) -> Response:
    form.scopes.choices = _scopes()
    with running().store.read() as session:
        shown = _person(session, _own(session, account_id))
        client = session.get(ApiClient, account_id)
        page = render_template("member/person.html", person=shown, client=client, form=form)
    return make_response(page, 422 if form.errors else 200)


def _opened(session: Session, form: PersonForm, now: datetime) -> Response:
    who, account_id = actor(), form.id.data.strip()
    actions.open_account(
        session,
        id=account_id,
        member_id=who.member_id,
        name=form.name.data.strip(),
        roles=[Role(role) for role in form.roles.data if role in set(Role)],
        unit_id=form.unit.data or None,
        actor=who,
        now=now,
    )
    return _invited(session, account_id, now)


def _invited(session: Session, account_id: str, now: datetime) -> Response:
    """The page with the code is the answer itself: it is nowhere to be read again."""
    code = invitations.invite(session, actor=actor(), account_id=account_id, now=now)
    made = invitations.open_one(session, account_id, now)
    link = f"{running().issuer}{url_for('public.join')}#{account_id}:{code}"
    return make_response(render_template("member/invited.html", account=account_id, code=code, link=link, made=made))


def _own(session: Session, account_id: str) -> Account:
    account = session.get(Account, account_id)
    if account is None or account.member_id != actor().member_id:
        raise NotFound("there is no such account of your member")
    return account


def _person(session: Session, account: Account) -> Person:
    client = session.get(ApiClient, account.id)
    ways = {
        str(_("password")): account.password is not None,
        str(_("app")): factors.has_app(session, account.id),
        str(_("passkey")): bool(passkeys.of_account(session, account.id)),
        str(_("program")): client is not None and client.revoked_at is None,
    }
    return Person(
        account=account,
        name=actions.name_of(session, account),
        unit=session.get_one(Unit, account.unit_id).name,
        invitation=invitations.open_one(session, account.id, running().clock()),
        ways=[way for way, is_there in ways.items() if is_there],
    )


def _offer(session: Session, form: PersonForm) -> None:
    units = session.scalars(sa.select(Unit).where(Unit.member_id == actor().member_id).order_by(Unit.name))
    form.unit.choices = [(unit.id, unit.name) for unit in units]
    kind = get(session, actor().member_id).kind
    form.roles.choices = [SelectChoice(role, state(role)) for role in sorted(actions.ROLES_OF[kind])]


def _scopes() -> list[SelectChoice]:
    return [SelectChoice(scope, scope) for scope in sorted(Scope)]
