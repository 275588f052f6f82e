"""`/panel`: the appeals on whose panel one sits, with what is owed by when; interests to declare beforehand."""

from __future__ import annotations

import sqlalchemy as sa
from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import SelectChoice, SelectField, StringField

from registry.access import Action, needs
from registry.appeals import admission
from registry.appeals.rules import Duty
from registry.db import Session
from registry.errors import Invalid, NotFound
from registry.members.actions import names as member_names
from registry.members.models import Kind, Member
from registry.panels import queries as views
from registry.web.context import actor, running
from registry.web.forms import Form, typed
from registry.web.roster.blueprint import bp


class InterestForm(Form):
    member = SelectField(_("In a company"), validate_choice=False)
    case = StringField(_("Or in one case: its number"))


@bp.get("/panel")
@needs(Action.APPEAL_HEAR)
def panel() -> str:
    run = running()
    with run.store.read() as session:
        items = views.docket(session, actor=actor(), now=run.clock())
        names = member_names(session)
    return render_template("roster/panel.html", items=items, names=names, decide=Duty.DECIDE)


@bp.route("/panel/interests", methods=["GET", "POST"])
@needs(Action.PANEL_SERVE)
def interests() -> Response:
    """No pool that is fixed from then on has them for it, and a seat that they hold passes on."""
    form, run = InterestForm(), running()
    with run.store.read() as session:
        form.member.choices = _carriers(session)
    if form.validate_on_submit() and _declared(form):
        return redirect(url_for("bench.declared"))
    return make_response(render_template("roster/interests.html", form=form), 422 if form.errors else 200)


@bp.get("/panel/interests/declared")
@needs(Action.PANEL_SERVE)
def declared() -> str:
    return render_template("roster/declared.html")


def _carriers(session: Session) -> list[SelectChoice]:
    carriers = session.scalars(sa.select(Member).where(Member.kind == Kind.CARRIER).order_by(Member.name))
    return [SelectChoice("", gettext("Select")), *(SelectChoice(member.id, member.name) for member in carriers)]


def _declared(form: InterestForm) -> bool:
    run, member, case = running(), form.member.data or None, typed(form.case.data).upper() or None
    if (member is None) == (case is None):
        form.member.errors = [_("Select a company or enter a case number, and not both.")]
        return False
    try:
        with run.store.write() as session:
            admission.declare(session, actor=actor(), member_id=member, case_number=case, now=run.clock())
    except (Invalid, NotFound):
        (form.case if case else form.member).errors = [_("There is no case or company like this.")]
        return False
    return True
