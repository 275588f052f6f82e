"""Invite, enter with the code, accept, refuse."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from registry import policy
from registry.access import Actor
from registry.accounts import factors, passkeys, sessions
from registry.accounts.actions import require_over
from registry.accounts.models import Account
from registry.accounts.rules import ALPHABET, plain_code
from registry.db import Session, new_id
from registry.errors import Conflict, NotFound
from registry.invitations.models import Invitation
from registry.log.actions import record
from registry.log.swap import swap
from registry.notices.actions import send

_LENGTH: Final = 20  # letters of 5 bits: there is nothing to guess, so wrong ones are not counted


def invite(session: Session, *, actor: Actor, account_id: str, now: datetime) -> str:
    """The code of a fresh invitation, for the account's owner alone; an earlier one ends.

    Whoever had a way in before can refuse for `policy.RECOVERY_DELAY`; then the code opens.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("there is no such account", field="account")
    require_over(actor, member_id=account.member_id, roles=account.roles)
    if account.closed_at is not None:
        raise Conflict("this account is closed; open another", field="account")
    _end(session, account_id, now)
    code = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    row = Invitation(id=new_id(), account_id=account_id, made_by=actor.id, made_at=now)
    row.code = _alias(session, account_id, code)
    row.is_recovery = account.password is not None or factors.is_enrolled(session, account_id)
    row.opens_at = now + policy.RECOVERY_DELAY if row.is_recovery else now
    row.expires_at = row.opens_at + policy.INVITATION_LIFE
    session.add(row)
    kind, payload = ("account.recovery" if row.is_recovery else "account.invite"), {"account": account_id}
    send(session, channel="webhook", member_id=account.member_id, kind=kind, payload={"type": kind, **payload}, now=now)
    record(session, kind, actor=actor.id, now=now, facts=payload)
    return "-".join(code[i : i + 5] for i in range(0, _LENGTH, 5))


def enter(session: Session, *, account_id: str, code: str, now: datetime) -> str | None:
    """The id of the invitation that this code opens, else None, whatever did not fit. Commit either way."""
    row = open_one(session, account_id, now)
    alias = _alias(session, account_id, plain_code(code))
    if row is None or now < row.opens_at or not secrets.compare_digest(row.code, alias):
        record(session, "invitation.failed", actor="system:sign-in", now=now)
        return None
    record(session, "invitation.enter", actor=account_id, now=now)
    return row.id


def require(session: Session, *, invitation_id: str, now: datetime) -> Invitation:
    """The invitation, as long as it is open; Conflict when it is not any more."""
    row = session.get(Invitation, invitation_id)
    if row is None or not _is_open(row, now) or now < row.opens_at:
        raise Conflict("this invitation is over; ask your administrator for another")
    return row


def accept(session: Session, *, invitation_id: str, hashed: str | None, now: datetime, device: str = "") -> str:
    """Every old way in goes; `hashed` is the new password (`accounts.actions.hashed`), None for a passkey to come.

    Returns the token of a session in which app and passkeys can be set up.
    """
    row = require(session, invitation_id=invitation_id, now=now)
    if not swap(session, row, Invitation.ended_at.is_(None), values={"ended_at": now}):
        raise Conflict("this invitation was used at the same moment; ask your administrator for another")
    account = session.get_one(Account, row.account_id)
    factors.take_away(session, account.id)
    for passkey in passkeys.of_account(session, account.id):
        session.delete(passkey)
    for other in sessions.living(session, account_id=account.id, now=now):
        other.revoked_at = now
    account.password, account.failures, account.paused_until = hashed, 0, None
    payload = {"type": "account.entered", "account": account.id}
    send(session, channel="webhook", member_id=account.member_id, kind="account.entered", payload=payload, now=now)
    record(session, "invitation.accept", actor=account.id, now=now)
    return sessions.open_session(session, account_id=account.id, device=device, now=now)


def refuse(session: Session, *, account_id: str, now: datetime) -> None:
    """The owner, who is still in, wants no other way in; the member is told."""
    row = open_one(session, account_id, now)
    if row is None or not swap(session, row, Invitation.ended_at.is_(None), values={"ended_at": now}):
        raise Conflict("there is no invitation any more that could be refused")
    member_id, payload = session.get_one(Account, account_id).member_id, {"account": account_id}
    kind = "account.recovery-refused"
    send(session, channel="webhook", member_id=member_id, kind=kind, payload={"type": kind, **payload}, now=now)
    record(session, kind, actor=account_id, now=now, facts=payload)


def open_one(session: Session, account_id: str, now: datetime) -> Invitation | None:
    """The account's invitation that has not ended, if there is one."""
    rows = sa.select(Invitation).where(Invitation.account_id == account_id, Invitation.ended_at.is_(None))
    return next((row for row in session.scalars(rows) if _is_open(row, now)), None)


def _is_open(row: Invitation, now: datetime) -> bool:
    return row.ended_at is None and now < row.expires_at


def _end(session: Session, account_id: str, now: datetime) -> None:
    rows = sa.select(Invitation).where(Invitation.account_id == account_id, Invitation.ended_at.is_(None))
    for row in session.scalars(rows):
        row.ended_at = now


def _alias(session: Session, account_id: str, code: str) -> str:
    return session.keyring.alias(f"invitation/{account_id}", code)
