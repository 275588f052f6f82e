"""Signed-in browsers: rows that their owner can see and end, and that end by themselves.

A session ends twelve hours after sign-in, an hour after its last page, when its owner ends it, or with the account.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa

from registry import policy, vault
from registry.accounts.models import UserSession
from registry.db import Session
from registry.errors import NotFound, Unauthenticated
from registry.log.actions import record

DEVICE_LENGTH = 200


def hashed_token(token: str) -> str:
    """What a row holds in place of a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(session: Session, *, account_id: str, device: str, now: datetime) -> str:
    """The token of a new session. `device` is what the browser calls itself, kept sealed."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        id=hashed_token(token), account_id=account_id, opened_at=now, expires_at=now + policy.SESSION_LIFE
    )
    place = {"table": "user_session", "row": row.id, "column": "sealed_device"}
    row.sealed_device = vault.seal(session.keyring.vault_key, device[:DEVICE_LENGTH].encode(), **place)
    session.add(row)
    record(session, "account.sign-in", actor=account_id, now=now)
    return token


def require_session(session: Session, *, token: str, now: datetime) -> UserSession:
    """The living session of this token; Unauthenticated once it is over."""
    row = session.get(UserSession, hashed_token(token))
    if row is None or not lives(row, now):
        raise Unauthenticated("your session is over; sign in again")
    return row


def lives(row: UserSession, now: datetime) -> bool:
    return row.revoked_at is None and now < row.expires_at and now < last_seen(row) + policy.SESSION_IDLE


def last_seen(row: UserSession) -> datetime:
    return row.seen_at or row.opened_at


def is_fresh(row: UserSession, now: datetime) -> bool:
    """Whether the password was given so recently that what needs it again may be done."""
    return now < (row.proven_at or row.opened_at) + policy.PROOF_LIFE


def see(session: Session, row: UserSession, now: datetime) -> None:
    """A page was asked for. Written now and then, so that reading does not write each time."""
    if now >= last_seen(row) + policy.SESSION_SEEN_EVERY:
        row.seen_at = now
        record(session, "account.seen", actor=row.account_id, now=now)


def living(session: Session, *, account_id: str, now: datetime) -> list[UserSession]:
    """The account's sessions that are not over, the newest first."""
    rows = sa.select(UserSession).where(UserSession.account_id == account_id).order_by(UserSession.opened_at.desc())
    return [row for row in session.scalars(rows) if lives(row, now)]


def device_of(session: Session, row: UserSession) -> str:
    if row.sealed_device is None:
        return ""
    place = {"table": "user_session", "row": row.id, "column": "sealed_device"}
    return vault.open_sealed(session.keyring.vault_key, row.sealed_device, **place).decode()


def end(session: Session, *, account_id: str, session_id: str, now: datetime) -> None:
    """End one's own session, on whatever device it is; NotFound for one that is not one's own."""
    row = session.get(UserSession, session_id)
    if row is None or row.account_id != account_id:
        raise NotFound("there is no such device among yours")
    _revoke(session, [row], now)


def end_others(session: Session, *, account_id: str, but: str, now: datetime) -> None:
    """End every session of the account except `but`."""
    _revoke(session, [row for row in living(session, account_id=account_id, now=now) if row.id != but], now)


def _revoke(session: Session, rows: list[UserSession], now: datetime) -> None:
    open_rows = [row for row in rows if row.revoked_at is None]
    for row in open_rows:
        row.revoked_at = now
    if open_rows:
        record(session, "account.sign-out", actor=open_rows[0].account_id, now=now, facts={"ended": len(open_rows)})


def sign_out(session: Session, *, token: str, now: datetime) -> None:
    row = session.get(UserSession, hashed_token(token))
    if row is not None:
        _revoke(session, [row], now)
