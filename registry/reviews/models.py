from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.reviews.rules import Ground, State


class Review(Base):
    """One look at a listing. The subject's words, and the reasons, are sealed under the case key."""

    __tablename__ = "review"
    told = ("case_id", "entry_id", "ground", "state")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    entry_id: Mapped[str] = mapped_column(sa.ForeignKey("entry.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))  # who filed
    ground: Mapped[Ground]
    state: Mapped[State] = mapped_column(index=True)
    sealed_text: Mapped[bytes | None]
    sealed_reasons: Mapped[bytes | None]
    opened_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
