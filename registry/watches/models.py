from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Watch(Base):
    """Keeps one check open. Whom it is about, with which consent, stands in the check and its batch."""

    __tablename__ = "watch"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    check_id: Mapped[str] = mapped_column(sa.ForeignKey("check.id"), unique=True)  # the latest that keeps it open
    begun_at: Mapped[datetime]
    until: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
