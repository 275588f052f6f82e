from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base


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
