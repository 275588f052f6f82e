from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.appeals.models import Vote
from registry.db import Base, new_id
from registry.panels.rules import Choice

__all__ = ["Decision", "Hearing", "Vote"]  # the votes stand beside their seats: the clocks of appeals ask for them


class Hearing(Base):
    """The record of a hearing, in a room or on paper."""

    __tablename__ = "hearing"
    told = ("appeal_id", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # who wrote it down
    sealed_notes: Mapped[bytes]
    held_at: Mapped[datetime]


class Decision(Base):
    """What the votes came to."""

    __tablename__ = "decision"
    told = ("appeal_id", "choice", "unanimous", "decided_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    choice: Mapped[Choice]
    unanimous: Mapped[bool]
    term_days: Mapped[int | None]
    level: Mapped[int | None]
    decided_at: Mapped[datetime]
