"""`/operator/members`: who belongs to the consortium; admit, appoint an administrator, suspend."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts.actions import open_account
from registry.accounts.models import Account
from registry.accounts.rules import Role
from registry.db import Session
from registry.invitations import actions as invitations
from registry.members import actions
from registry.members.models import Kind, Member, Standing
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, Form, WholeField, options
from registry.web.operator.blueprint import bp
from registry.web.words import MEMBER_KINDS, STANDINGS


class MemberForm(Form):
    id = StringField(_("Short name"), [InputRequired(_("Enter a short name."))])
    name = StringField(_("Name"), [InputRequired(_("Enter the name.")), AtMost(120, _("The name"))])
    kind = RadioField(
        _("What is it?"), [Chosen(Kind, _("Select what it is."))], choices=options(MEMBER_KINDS), validate_choice=False
    )
    headcount = WholeField(_("Staff"), _("Enter a number; 0 is one."), least=0, most=10**8)
    group = StringField(_("Owner’s short name (optional)"))


class AdminForm(Form):
    id = StringField(_("Account name"), [InputRequired(_("Enter an account name."))])
    name = StringField(
        _("The person’s name"), [InputRequired(_("Enter the person’s name.")), AtMost(80, _("The name"))]
    )


class StandingForm(Form):
    standing = RadioField(
        _("Standing"),
        [Chosen(Standing, _("Select the standing."))],
        choices=options(STANDINGS),
        validate_choice=False,
    )


@bp.get("/operator/members")
@needs(Action.SERVICE_READ)
def members() -> str:
    with running().store.read() as session:
        rows = session.scalars(sa.select(Member).order_by(Member.id)).all()
        return render_template("operator/members.html", members=rows)


@bp.route("/operator/members/new", methods=["GET", "POST"])
@needs(Action.MEMBER_ADMIT)
def new_member() -> Response:
    form = MemberForm()
    if form.validate_on_submit() and (made := done(form, lambda session, now: _admitted(session, form, now))):
        return redirect(url_for("operator.member", member_id=made.id))
    return make_response(render_template("operator/new_member.html", form=form), 422 if form.errors else 200)


@bp.route("/operator/members/<member_id>", methods=["GET", "POST"])
@needs(Action.MEMBER_ADMIT)
def member(member_id: str) -> Response:
    """The member's standing, changed by the page's form."""
    run, form = running(), StandingForm()
    if form.validate_on_submit():
        with run.store.write() as session:
            how: dict[str, Any] = {"standing": Standing(form.standing.data), "actor": actor().id, "now": run.clock()}
            actions.set_standing(session, member_id=member_id, **how)
        return redirect(url_for("operator.member", member_id=member_id))
    return _page(member_id, form)


@bp.route("/operator/members/<member_id>/administrators/new", methods=["GET", "POST"])
@needs(Action.ACCOUNT_OPEN)
def new_admin(member_id: str) -> Response:
    """Appoint an administrator, who is invited."""
    form = AdminForm()
    if form.validate_on_submit():
        invited = done(form, lambda session, now: _appointed(session, member_id, form, now))
        if invited is not None:
            return invited
    with running().store.read() as session:
        found = actions.get(session, member_id)
        page = render_template("operator/new_admin.html", form=form, member=found)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/operator/administrators/<account_id>/invitation")
@needs(Action.ACCOUNT_OPEN)
def invite_admin(account_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        code = invitations.invite(session, actor=actor(), account_id=account_id, now=run.clock())
        return _invited(session, account_id, code)


def _admitted(session: Session, form: MemberForm, now: datetime) -> Member:
    return actions.admit(
        session,
        id=form.id.data.strip(),
        name=form.name.data.strip(),
        kind=Kind(form.kind.data),
        headcount=form.headcount.data,
        group=form.group.data.strip() or None,
        actor=actor().id,
        now=now,
    )


def _appointed(session: Session, member_id: str, form: AdminForm, now: datetime) -> Response:
    id = form.id.data.strip()
    how: dict[str, Any] = {"member_id": member_id, "name": form.name.data.strip(), "actor": actor(), "now": now}
    open_account(session, id=id, roles=[_administers(session, member_id)], **how)
    code = invitations.invite(session, actor=actor(), account_id=id, now=now)
    return _invited(session, id, code)


def _administers(session: Session, member_id: str) -> Role:
    """The operator's own member is run by operators."""
    return Role.OPERATOR if actions.get(session, member_id).kind is Kind.OPERATOR else Role.MEMBER_ADMIN


def _invited(session: Session, account_id: str, code: str) -> Response:
    """The page with the code is the answer itself: it is nowhere to be read again."""
    made = invitations.open_one(session, account_id, running().clock())
    link = f"{running().issuer}{url_for('public.join')}#{account_id}:{code}"
    return make_response(render_template("member/invited.html", account=account_id, code=code, link=link, made=made))


def _page(member_id: str, form: StandingForm) -> Response:
    with running().store.read() as session:
        found = actions.get(session, member_id)
        form.standing.data = form.standing.data or found.standing.value
        accounts = session.scalars(
            sa.select(Account).where(Account.member_id == member_id, Account.closed_at.is_(None)).order_by(Account.id)
        )
        admins = [account for account in accounts if Role.MEMBER_ADMIN in account.roles]
        page = render_template("operator/member.html", form=form, member=found, admins=admins)
    return make_response(page, 422 if form.errors else 200)
