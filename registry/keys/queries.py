"""Which key may sign now, and for whom."""

from __future__ import annotations

import sqlalchemy as sa

from registry.db import Session
from registry.errors import Invalid
from registry.keys.models import SigningKey
from registry.signing import keys


def valid_key(session: Session, kid: str, member_id: str) -> tuple[keys.PublicKey, str]:
    """The member's own key of this `kid` and the account whose hand it is; Invalid when unknown or revoked."""
    # On PostgreSQL a shared lock: a revocation waits until what is being signed has its place before it.
    key = session.get(SigningKey, kid, with_for_update={"read": True})
    if key is None or key.member_id != member_id:
        raise Invalid("the signature's key is not one of this member's keys", field="kid", code="key-unknown")
    if key.revoked_at is not None:
        raise Invalid(
            "the signature's key has been revoked; sign with a key that is enrolled", field="kid", code="key-revoked"
        )
    return keys.from_jwk(key.jwk), key.account_id


def of_account(session: Session, account_id: str) -> list[SigningKey]:
    """The keys of one hand that can sign now, the oldest first."""
    living = sa.select(SigningKey).where(SigningKey.account_id == account_id, SigningKey.revoked_at.is_(None))
    return list(session.scalars(living.order_by(SigningKey.enrolled_at, SigningKey.kid)))


def of_member(session: Session, member_id: str) -> list[SigningKey]:
    """Every key that the member has ever had, the newest first."""
    keys = sa.select(SigningKey).where(SigningKey.member_id == member_id)
    return list(session.scalars(keys.order_by(SigningKey.enrolled_at.desc(), SigningKey.kid)))
