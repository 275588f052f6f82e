from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Invitation(Base):
    """A code with which an account's owner makes their ways in. The row holds the code's alias."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(64))  # alias
    made_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime]
    is_recovery: Mapped[bool]  # the account had a way in before
    opens_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # used, refused, or another took its place
