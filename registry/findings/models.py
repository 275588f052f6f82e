from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.findings.rules import Kind, State


class Finding(Base):
    """About a member, or the registry itself; perhaps an entry or an appeal. Words are sealed under the vault key."""

    __tablename__ = "finding"
    told = ("member_id", "kind", "cause", "state", "due_at", "escalated_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    member_id: Mapped[str | None] = mapped_column(sa.ForeignKey("member.id"), index=True)  # None: the registry itself
    entry_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entry.id"))
    appeal_id: Mapped[str | None] = mapped_column(sa.ForeignKey("appeal.id"))
    kind: Mapped[Kind]
    cause: Mapped[str] = mapped_column(sa.String(64), unique=True)  # what it is raised for, once
    state: Mapped[State] = mapped_column(index=True)
    sealed_demand: Mapped[bytes | None]
    sealed_answer: Mapped[bytes | None]
    raised_by: Mapped[str] = mapped_column(sa.String(64))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # by when the member answers; then the regulators are told
    escalated_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Reminder(Base):
    """That somebody was reminded of something, once: `duty:id:hours before`."""

    __tablename__ = "reminder"
    told = ("cause", "sent_at")

    cause: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    sent_at: Mapped[datetime]
