"""Consent by link: a member asks candidates, and sees who has answered."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer, Body
from registry.checks import granting
from registry.checks.models import ConsentGroup
from registry.db import Session
from registry.policy import CONSENT_TEXT

bp = APIBlueprint("consents", __name__, tag="Checks")


class ConsentGroupRequest(Body):
    statement: str = Field(
        max_length=16_384, description="consent-group+jwt: purpose, digests of the text and of the links' secrets"
    )
    text: str = Field(max_length=CONSENT_TEXT, description="what candidates agree to, as they will read it")


class ConsentLinkAnswer(Answer):
    id: str = Field(description="base64url of the SHA-256 of the link's secret")
    state: str = Field(description="open, granted, declined or used")
    answered_at: AwareDatetime | None


class ConsentGroupAnswer(Answer):
    group: str
    purpose: str
    expires_at: AwareDatetime
    links: list[ConsentLinkAnswer]


@bp.post("/api/v1/consents")
@needs(Action.CONSENT_ASK)
@bp.input(ConsentGroupRequest, arg_name="body")
@bp.output(ConsentGroupAnswer, 201)
def create(body: ConsentGroupRequest) -> dict[str, Any]:
    """Open links to candidates; each is `/consent#` and its secret, which the registry does not know.

    Two evaluations for each link are charged to your day at once.
    """
    run = running()
    with run.store.write() as session:
        group = granting.create(
            session,
            actor=actor(),
            statement=body.statement,
            text=body.text,
            issuer=run.issuer,
            now=run.clock(),
        )
        return _shown(session, group)


@bp.get("/api/v1/consents/<group_id>")
@needs(Action.CONSENT_ASK)
@bp.output(ConsentGroupAnswer)
def show(group_id: str) -> dict[str, Any]:
    """Who has answered. That a consent is granted says nothing about whose it is."""
    with running().store.read() as session:
        return _shown(session, granting.require_group(session, actor(), group_id))


def _shown(session: Session, group: ConsentGroup) -> dict[str, Any]:
    links = granting.links_of(session, group)
    return {
        "group": group.id,
        "purpose": group.purpose.value,
        "expires_at": group.expires_at,
        "links": [{"id": link.id, "state": link.state.value, "answered_at": link.answered_at} for link in links],
    }
