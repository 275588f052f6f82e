from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Account(Base):
    """A person, or a member's own system, that signs in. Name and address are sealed under the vault key."""

    __tablename__ = "account"
    told = ("member_id", "roles", "closed_at")

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # a short name, `birch-hr`
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    roles: Mapped[list[str]]
    sealed_name: Mapped[bytes]
    password: Mapped[str | None]  # Argon2id
    failures: Mapped[int] = mapped_column(default=0)  # wrong passwords since the last right one
    paused_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]


class UserSession(Base):
    """A signed-in browser. The cookie holds the token, the row its SHA-256."""

    __tablename__ = "user_session"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]  # the last page, to within policy.SESSION_SEEN_EVERY; None: none since sign-in
    proven_at: Mapped[datetime | None]  # the password was given once more; None: not since sign-in
    sealed_device: Mapped[bytes | None]  # what the browser calls itself


class ApiClient(Base):
    """A key with which an account's program signs in."""

    __tablename__ = "api_client"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # same as the account's: one client each
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    kid: Mapped[str] = mapped_column(sa.String(43))
    jwk: Mapped[dict[str, Any]]
    scopes: Mapped[list[str]]
    revoked_at: Mapped[datetime | None]


class AccessToken(Base):
    __tablename__ = "access_token"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # SHA-256 of the token
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("api_client.id"), index=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime]


class UsedAssertion(Base):
    """The `jti` of a client assertion: each is good once."""

    __tablename__ = "used_assertion"

    client_id: Mapped[str] = mapped_column(sa.ForeignKey("api_client.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # its alias
    expires_at: Mapped[datetime]


class Replay(Base):
    """What a request with an Idempotency-Key made, so that a retry is answered and not repeated."""

    __tablename__ = "replay"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    key: Mapped[str] = mapped_column(sa.String(64))  # alias of the Idempotency-Key
    body: Mapped[bytes] = mapped_column(sa.LargeBinary(32))  # HMAC of the request under the pepper
    made: Mapped[str] = mapped_column(sa.String(64))  # the id of what it made
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("account_id", "key"),)


class Authenticator(Base):
    """An app that shows codes by the time (RFC 6238). It counts once its owner has shown a code of it."""

    __tablename__ = "authenticator"

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    sealed_secret: Mapped[bytes]
    begun_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger)  # of the last code that was taken: none is good twice


class RecoveryCode(Base):
    """Stands in for the app once, when its device is lost. The row holds the code's alias."""

    __tablename__ = "recovery_code"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key on a device of the person's own (WebAuthn), which unlocks it with a finger, a face or a PIN."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # SHA-256 of the credential's own id
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    credential: Mapped[bytes]
    public_key: Mapped[bytes]  # COSE
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    sealed_name: Mapped[bytes]  # what its owner calls it
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]  # a challenge that was asked before is good no more
