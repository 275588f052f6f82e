"""A telephone with an app that shows codes."""

from __future__ import annotations

from datetime import datetime

import pyotp

from registry.accounts import factors
from registry.db import Session, Store


def code_of(session: Session, account_id: str, now: datetime) -> str:
    """What the app shows, of an account that has not confirmed it yet."""
    return pyotp.TOTP(factors.unconfirmed(session, account_id) or "").at(now)


def set_up(store: Store, account_id: str, now: datetime) -> tuple[pyotp.TOTP, list[str]]:
    """The account's app, with its first code used up, and the recovery codes."""
    with store.write() as session:
        factors.begin(session, account_id=account_id, now=now)
    with store.write() as session:
        app = pyotp.TOTP(factors.unconfirmed(session, account_id) or "")
        return app, factors.confirm(session, account_id=account_id, code=app.at(now), now=now)
