"""The second factor: codes of an app on a device of one's own (RFC 6238), and recovery codes for when it is lost.

A code counts for the half minute it belongs to and for the one before and after, and once: whoever has looked over
somebody's shoulder has seen a code that is used up.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import pyotp
import sqlalchemy as sa

from registry import policy, vault
from registry.accounts.models import Authenticator, Passkey, RecoveryCode
from registry.accounts.rules import ALPHABET, Role, plain_code
from registry.db import Session
from registry.errors import Conflict, Invalid
from registry.log.actions import record
from registry.log.swap import swap

_AROUND: Final = (0, -1, 1)


def is_needed(roles: Iterable[Role]) -> bool:
    """Whether one of these roles has to show a second factor."""
    return not policy.SECOND_FACTOR_FOR.isdisjoint(roles)


def is_enrolled(session: Session, account_id: str) -> bool:
    """Whether the password alone is not enough: there is an app, or a passkey, which would else protect nothing."""
    keys = sa.select(Passkey.id).where(Passkey.account_id == account_id).limit(1)
    return has_app(session, account_id) or session.scalar(keys) is not None


def has_app(session: Session, account_id: str) -> bool:
    row = session.get(Authenticator, account_id)
    return row is not None and row.confirmed_at is not None


def begin(session: Session, *, account_id: str, now: datetime) -> None:
    """A fresh secret, in place of one that was never confirmed; Conflict when there is one that was."""
    if has_app(session, account_id):
        raise Conflict("your account has an app already; take it away first", code="not-allowed-now")
    row = session.get(Authenticator, account_id) or Authenticator(account_id=account_id)
    key, secret = session.keyring.vault_key, pyotp.random_base32().encode()
    row.sealed_secret = vault.seal(key, secret, table="authenticator", row=account_id, column="sealed_secret")
    row.begun_at, row.confirmed_at, row.last_step = now, None, 0
    session.add(row)
    record(session, "factor.begin", actor=account_id, now=now)


def unconfirmed(session: Session, account_id: str) -> str | None:
    """The secret that waits to be put into an app, in base 32; None when none does. Shown to its owner alone."""
    row = session.get(Authenticator, account_id)
    return _secret(session, row) if row is not None and row.confirmed_at is None else None


def confirm(session: Session, *, account_id: str, code: str, now: datetime) -> list[str]:
    """The app is there, for it shows the right code. Returns the recovery codes, which nobody sees again."""
    row = session.get(Authenticator, account_id)
    if row is None or row.confirmed_at is not None:
        raise Conflict("begin again: there is no app that waits for its first code", code="not-allowed-now")
    step = _step_of(session, row, plain_code(code), now)
    if step is None:
        raise Invalid("the code does not fit; enter the six digits that the app shows now", field="code")
    row.confirmed_at, row.last_step = now, step
    codes = _renew(session, account_id, now)
    record(session, "factor.confirm", actor=account_id, now=now)
    return codes


def renew(session: Session, *, account_id: str, now: datetime) -> list[str]:
    """Other recovery codes in place of those there were."""
    if not has_app(session, account_id):
        raise Conflict("recovery codes stand in for an app, and your account has none", code="not-allowed-now")
    codes = _renew(session, account_id, now)
    record(session, "factor.renew", actor=account_id, now=now)
    return codes


def remove(session: Session, *, account_id: str, now: datetime) -> None:
    """No code is asked for any more."""
    take_away(session, account_id)
    record(session, "factor.remove", actor=account_id, now=now)


def take_away(session: Session, account_id: str) -> None:
    """App and recovery codes are gone. The caller records."""
    row = session.get(Authenticator, account_id)
    for gone in [*([row] if row else []), *_codes(session, account_id)]:
        session.delete(gone)


def left(session: Session, account_id: str) -> int:
    """How many recovery codes can still be used."""
    return sum(code.used_at is None for code in _codes(session, account_id))


def use(session: Session, *, account_id: str, code: str, now: datetime) -> bool:
    """Whether this is a code of the account's app, or a recovery code of it; then it is used up. The caller records."""
    row, plain = session.get(Authenticator, account_id), plain_code(code)
    if row is None or row.confirmed_at is None:
        return False
    step = _step_of(session, row, plain, now)
    if step is not None:
        return swap(session, row, Authenticator.last_step < step, values={"last_step": step})
    spare = session.get(RecoveryCode, _alias(session, account_id, plain))
    return spare is not None and swap(session, spare, RecoveryCode.used_at.is_(None), values={"used_at": now})


def _step_of(session: Session, row: Authenticator, code: str, now: datetime) -> int | None:
    """The half minute that the code belongs to, of those near `now` that are later than the last one used."""
    totp = pyotp.TOTP(_secret(session, row))
    steps = [totp.timecode(now) + offset for offset in _AROUND]
    fits = [step for step in steps if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    return next((step for step in fits if step > row.last_step), None)


def _secret(session: Session, row: Authenticator) -> str:
    place = {"table": "authenticator", "row": row.account_id, "column": "sealed_secret"}
    return vault.open_sealed(session.keyring.vault_key, row.sealed_secret, **place).decode()


def _renew(session: Session, account_id: str, now: datetime) -> list[str]:
    for code in _codes(session, account_id):
        session.delete(code)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(policy.RECOVERY_CODES)]
    session.add_all(RecoveryCode(id=_alias(session, account_id, c), account_id=account_id, made_at=now) for c in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _codes(session: Session, account_id: str) -> list[RecoveryCode]:
    return list(session.scalars(sa.select(RecoveryCode).where(RecoveryCode.account_id == account_id)))


def _alias(session: Session, account_id: str, code: str) -> str:
    return session.keyring.alias(f"recovery/{account_id}", code)
