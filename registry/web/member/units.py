"""`/member/units`: outlets, franchisees and agencies, and what each, and each account, has used of today's budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.accounts.models import Account
from registry.checks.models import Allowance
from registry.checks.rules import budget_day, ceilings
from registry.db import Session
from registry.members import actions
from registry.members.models import Unit
from registry.web.acting import done
from registry.web.context import actor, running
from registry.web.forms import AtMost, Form
from registry.web.member.blueprint import bp

DAYS = 7  # that are shown, today first


@dataclass(frozen=True, slots=True)
class Used:
    """What somebody has had on each of the last days, today first, of what a day holds."""

    name: str
    ceiling: int
    days: list[int]


class UnitForm(Form):
    name = StringField(_("Name of the unit"), [InputRequired(_("Enter a name.")), AtMost(120, _("The name"))])


@bp.route("/member/units", methods=["GET", "POST"])
@needs(Action.MEMBER_READ)
def units() -> Response:
    run, form = running(), UnitForm()
    if form.validate_on_submit():
        name, who = form.name.data.strip(), actor()
        if done(
            form,
            lambda session, now: actions.add_unit(session, member_id=who.member_id, name=name, actor=who.id, now=now),
        ):
            return redirect(url_for("member.units"))
    with run.store.read() as session:
        days = [budget_day(run.clock() - timedelta(days=back)) for back in range(DAYS)]
        page = render_template("member/units.html", form=form, days=days, rows=_rows(session, days))
    return make_response(page, 422 if form.errors else 200)


def _rows(session: Session, days: list[str]) -> list[Used]:
    """The member as a whole, then its units, then its accounts."""
    member = actions.get(session, actor().member_id)
    units = session.scalars(sa.select(Unit).where(Unit.member_id == member.id).order_by(Unit.name)).all()
    accounts = sa.select(Account.id).where(Account.member_id == member.id, Account.closed_at.is_(None))
    scopes = {f"member:{member.id}": member.name, **{f"unit:{unit.id}": unit.name for unit in units}}
    scopes |= {f"account:{account}": account for account in session.scalars(accounts.order_by(Account.id))}
    found = session.execute(
        sa.select(Allowance.scope, Allowance.day, Allowance.used).where(
            Allowance.scope.in_(scopes), Allowance.day.in_(days)
        )
    )
    used = {(scope, day): count for scope, day, count in found}
    most = ceilings(member="", unit="", account="", headcount=member.headcount)
    return [
        Used(name, most[scope.partition(":")[0] + ":"], [used.get((scope, day), 0) for day in days])
        for scope, name in scopes.items()
    ]
