"""`/check/consents`: ask candidates for their consent by link, and see what became of each link.

The links' secrets are made by the page's script and stand in the links alone: the registry gets their digests, inside
the statement that the browser signs. Who a link was sent to is not known here.
"""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import lazy_gettext as _

from registry.access import Action, needs
from registry.checks import granting
from registry.checks.models import ConsentGroup
from registry.checks.rules import LinkSeen, seen
from registry.db import Session
from registry.policy import CONSENT_LIFE, CONSENT_LINKS, CONSENT_TEXT, DAY
from registry.signing import consent
from registry.web.checker.blueprint import bp
from registry.web.checker.check import PURPOSES
from registry.web.context import actor, running, sent
from registry.web.signing import signing, standard

SEEN = {
    LinkSeen.WAITING: _("waits for an answer"),
    LinkSeen.AGREED: _("has agreed"),
    LinkSeen.DECLINED: _("has declined"),
    LinkSeen.USED: _("has agreed, and was checked"),
    LinkSeen.EXPIRED: _("has run out"),
}
COLOURS = {
    LinkSeen.WAITING: "blue",
    LinkSeen.AGREED: "green",
    LinkSeen.DECLINED: "red",
    LinkSeen.USED: "grey",
    LinkSeen.EXPIRED: "grey",
}


@bp.get("/check/consents")
@needs(Action.CONSENT_ASK)
def consents() -> str:
    with running().store.read() as session:
        groups = granting.groups_of(session, actor())
        return render_template(
            "checker/consents.html", groups=[(group, _states(session, group)) for group in groups], seen=SEEN
        )


@bp.get("/check/consents/new")
@needs(Action.CONSENT_ASK)
def ask_consent() -> str:
    run = running()
    with run.store.read() as session:
        hand = signing(
            session, typ=consent.GROUP, claims=standard(run.clock()), send_url=url_for("checker.open_consents")
        )
    return render_template(
        "checker/ask_consent.html",
        signing=hand,
        purposes=PURPOSES,
        days=CONSENT_LIFE // DAY,
        most=CONSENT_LINKS,
        text_length=CONSENT_TEXT,
    )


@bp.post("/check/consents/new")
@needs(Action.CONSENT_ASK)
def open_consents() -> dict[str, Any]:
    """As `POST /api/v1/consents`, for the page."""
    run, body = running(), sent(statement=str, text=str)
    with run.store.write() as session:
        group = granting.create(session, actor=actor(), **body, issuer=run.issuer, now=run.clock())
        return {"links": f"{run.issuer}/consent", "next": url_for("checker.consent_group", group_id=group.id)}


@bp.get("/check/consents/<group_id>")
@needs(Action.CONSENT_ASK)
def consent_group(group_id: str) -> str:
    with running().store.read() as session:
        group = granting.require_group(session, actor(), group_id)
        states = _states(session, group)
        return render_template(
            "checker/consent_group.html",
            group=group,
            text=granting.text_of(session, group),
            states=states,
            seen=SEEN,
            colours=COLOURS,
            can_check=LinkSeen.AGREED in states,
        )


def _states(session: Session, group: ConsentGroup) -> list[LinkSeen]:
    now = running().clock()
    links = granting.links_of(session, group)
    return sorted(seen(link.state, expires_at=group.expires_at, now=now) for link in links)
