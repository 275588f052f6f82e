from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.entries.rules import State
from registry.policy import Basis


class Entry(Base):
    """A listing. Its id is the opaque reference that a checker is given."""

    __tablename__ = "entry"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), unique=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)  # who filed the report
    state: Mapped[State]
    handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)  # None once the case is erased
    sealed_tag: Mapped[bytes]  # to the key holder
    offence: Mapped[str] = mapped_column(sa.String(40))
    level: Mapped[int]
    basis: Mapped[Basis]
    disputed: Mapped[bool] = mapped_column(default=False)
    unheard: Mapped[bool] = mapped_column(default=False)  # listed without proof that anything reached the person
    first_hit_at: Mapped[datetime | None]  # of an unheard one: who was shown it then had to wait
    contacted_at: Mapped[datetime | None]  # when the person was written to because of that hit
    listed_at: Mapped[datetime] = mapped_column(index=True)
    hidden_until: Mapped[datetime | None]  # by an order, whatever its state
    until: Mapped[datetime | None]  # None: permanent, while the policy has no cap
