"""The API's guard: every view is marked with an action (`access.needs`); a view without a mark is refused."""

from __future__ import annotations

from flask import current_app, g, request

from registry.access import Action, require
from registry.accounts.tokens import token_actor
from registry.api.context import running
from registry.errors import Forbidden, NotFound, Unauthenticated


def guard() -> None:
    """Before every request to an API blueprint: who is it, and may their role ever do this?

    Whether they may do it to *this* thing is asked by the action that is carried out.
    """
    if request.endpoint is None:
        raise NotFound("there is nothing at this address")
    action = getattr(current_app.view_functions[request.endpoint], "zilu_action", None)
    if action is None:
        raise Forbidden("this address has no access rule")
    if action is Action.PUBLIC:
        return
    with running().store.read() as session:
        g.actor = token_actor(session, token=_bearer(), now=running().clock())
    require(g.actor, action)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send an access token: Authorization: Bearer …")
    return token
