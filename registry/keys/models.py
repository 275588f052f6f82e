from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class SigningKey(Base):
    """A member's Ed25519 public key. Its life is a span of log positions, found through its two acts."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(sa.String(43), primary_key=True)  # RFC 7638 thumbprint
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # whose hand it is
    jwk: Mapped[dict[str, Any]]
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[str] = mapped_column(sa.String(32))  # uid of the act whose position begins its life
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(sa.String(32))


class Rotation(Base):
    """One change of the identity key. `act` is the one that switched: a clear leaf shows the new key to everyone."""

    __tablename__ = "rotation"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)  # 1, 2, 3…
    old_public: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    new_public: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    ratio_public: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    begun_at: Mapped[datetime]
    switched_at: Mapped[datetime | None]  # from then on clients use the new key
    act: Mapped[str | None] = mapped_column(sa.String(32))
    settled_at: Mapped[datetime | None]  # from then on nothing is left of the old key


class Proof(Base):
    """One RFC 9497 proof that (old key, new key) and these pairs of tags have the same ratio. Kept for good."""

    __tablename__ = "rotation_proof"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    rotation_id: Mapped[str] = mapped_column(sa.ForeignKey("rotation.id"), index=True)
    proof: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    tags: Mapped[int]
    made_at: Mapped[datetime]
    verified_at: Mapped[datetime | None] = mapped_column(index=True)  # by a regulator's own process
    verified_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))


class Moved(Base):
    """The tag that a case, check or canary has sealed, moved to the next key and sealed again, until it replaces it."""

    __tablename__ = "moved"

    source: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # `case:…`, `check:…` or `canary:…`
    proof_id: Mapped[str] = mapped_column(sa.ForeignKey("rotation_proof.id"), index=True)
    ordinal: Mapped[int]  # 0, 1, 2… under the proof
    sealed_next: Mapped[bytes]


class Renamed(Base):
    """A person's handle under the old key and under the new one, until the old one is out of use."""

    __tablename__ = "renamed"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    handle: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    handle_next: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    blind: Mapped[bytes] = mapped_column(sa.LargeBinary(16))  # random, so that no digest of the row betrays the handles
