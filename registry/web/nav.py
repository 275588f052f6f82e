"""What each person can do here, as links: the same list makes the navigation and the first page after sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g
from flask_login import current_user

from registry.access import Action, Actor, allowed
from registry.web.context import running


@dataclass(frozen=True, slots=True)
class Link:
    endpoint: str
    action: Action
    text: str
    about: str


LINKS = (
    Link(
        "checker.check",
        Action.CHECK,
        "Check a person",
        "Ask whether one person is listed. The identity number stays in your browser.",
    ),
    Link(
        "regulator.entries",
        Action.ENTRY_LIST,
        "Entries",
        "Every entry with its state, its steps and where they stand in the log.",
    ),
)


def links_of(actor: Actor) -> list[Link]:
    return [link for link in LINKS if allowed(actor, link.action)]


def context() -> dict[str, Any]:
    """For the frame of every page: who is signed in, and where they may go."""
    signed_in = current_user if current_user.is_authenticated else None
    return {
        "site": running().settings.registry.name,
        "signed_in": signed_in.actor if signed_in else None,
        "links": links_of(signed_in.actor) if signed_in else [],
        "in_case": "case_id" in g,
    }
