from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.recalls.rules import Reason


class Recall(Base):
    __tablename__ = "recall"
    told = ("case_id", "entry_id", "member_id", "reason", "issued_at", "acknowledged_at", "escalated_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(sa.ForeignKey("entry.id"), index=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"))
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    reason: Mapped[Reason]
    issued_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str | None] = mapped_column(sa.String(43))  # None when acknowledged in a browser, without a key
    sealed_statement: Mapped[bytes | None]  # the signed acknowledgement, under the vault key
    escalated_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "ix_recall_open",
            "issued_at",
            sqlite_where=sa.text("acknowledged_at IS NULL"),
            postgresql_where=sa.text("acknowledged_at IS NULL"),
        ),
    )
