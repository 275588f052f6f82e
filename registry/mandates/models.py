from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Mandate(Base):
    """Who may act for the subject of a case. The code is with the representative and nowhere else."""

    __tablename__ = "mandate"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    sealed_name: Mapped[bytes]
    scope: Mapped[list[str]]
    until: Mapped[datetime]
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    recorded_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
