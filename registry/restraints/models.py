from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.restraints.rules import State


class Restraint(Base):
    """Why and since when a member files less. The regulator's reasons for its end are sealed under the vault key."""

    __tablename__ = "restraint"
    told = ("member_id", "state")
    case_id: ClassVar[None] = None  # its steps belong to no case

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    state: Mapped[State] = mapped_column(index=True)
    decided: Mapped[int]  # listings that were decided on, when it began or became graver
    overturned: Mapped[int]
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))
    sealed_reasons: Mapped[bytes | None]
