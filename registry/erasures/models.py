from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.erasures.rules import State
from registry.policy import Ending


class Erasure(Base):
    """The forgetting of one case. It stands outside of the case: nothing of it is sealed under the case key."""

    __tablename__ = "erasure"
    told = ("case_id", "state", "ground", "opened_by", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    state: Mapped[State] = mapped_column(index=True)
    ground: Mapped[Ending]
    positions: Mapped[list[int]] = mapped_column(sa.JSON())  # of the case's acts, which stop opening
    proposed_at: Mapped[datetime]
    opened_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))  # who read what these acts say
    account_id: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))  # who cosigned
    kid: Mapped[str | None] = mapped_column(sa.String(43))
    sealed_statement: Mapped[bytes | None]  # the JWS, under the vault key
    cosign_act: Mapped[str | None] = mapped_column(sa.String(32))  # uid of the act that brought it
    cosigned_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]
