"""What a browser was asked to sign with a passkey: kept in the signed cookie until it answers, once."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import session

from registry import base64url, policy
from registry.accounts.passkeys import Asked, Site
from registry.errors import Conflict
from registry.web.context import running

_CHALLENGE = 32


def site() -> Site:
    return Site(running().issuer, running().settings.registry.name)


def fresh() -> Asked:
    """Ask this browser something new."""
    asked = Asked(secrets.token_bytes(_CHALLENGE), running().clock())
    session["asked"] = {"challenge": base64url.encode(asked.challenge), "at": asked.at.isoformat()}
    return asked


def asked() -> Asked:
    """What this browser was asked; Conflict when that was nothing, or long ago."""
    kept = session.pop("asked", None)
    at = datetime.fromisoformat(kept["at"]) if kept else None
    if kept is None or at is None or running().clock() >= at + policy.SECOND_STEP_WITHIN:
        raise Conflict("the passkey was not asked for, or long ago; press the button again")
    return Asked(base64url.decode(kept["challenge"], field="challenge", size=_CHALLENGE), at)
