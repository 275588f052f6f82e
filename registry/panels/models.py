from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.panels.rules import Choice


class Hearing(Base):
    """The record of a hearing, in a room or on paper."""

    __tablename__ = "hearing"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # who wrote it down
    sealed_notes: Mapped[bytes]
    held_at: Mapped[datetime]


class Vote(Base):
    """One seat's vote: nothing of it is in the clear, and nobody is shown it before `opened_at`."""

    __tablename__ = "vote"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), index=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    seat_id: Mapped[str] = mapped_column(sa.ForeignKey("seat.id"), unique=True)
    sealed_choice: Mapped[bytes]  # JSON {"choice", "term_days", "level"}
    sealed_reasons: Mapped[bytes]
    cast_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]


class Decision(Base):
    """What the votes came to."""

    __tablename__ = "decision"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    choice: Mapped[Choice]
    unanimous: Mapped[bool]
    term_days: Mapped[int | None]
    level: Mapped[int | None]
    decided_at: Mapped[datetime]
