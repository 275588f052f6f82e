"""`/home`: the first page after sign-in, with the doors that this account may open."""

from __future__ import annotations

from flask import Blueprint, render_template

from registry.access import Action, allowed, needs
from registry.accounts.actions import name_of
from registry.accounts.models import Account
from registry.members.actions import get
from registry.restraints.actions import page
from registry.web.context import actor, running
from registry.web.nav import links_of

bp = Blueprint("home", __name__)


@bp.get("/home")
@needs(Action.HOME)
def home() -> str:
    with running().store.read() as session:
        account = session.get_one(Account, actor().id)
        member, name = get(session, actor().member_id), name_of(session, account)
        return render_template(
            "home/home.html",
            name=name,
            member=member,
            roles=sorted(actor().roles),
            doors=links_of(actor()),
            restraints=page(session, actor=actor()) if allowed(actor(), Action.RESTRAINT_READ) else [],
        )
