from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.members.models import Kind
from registry.orders.rules import Instruction, State


class Order(Base):
    """An instruction about one case, by whoever signed first. Its words are sealed under the case key."""

    __tablename__ = "order"
    told = ("case_id", "instruction", "state", "side", "account_id", "member_id", "issued_at", "until")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    instruction: Mapped[Instruction]
    state: Mapped[State] = mapped_column(index=True)
    side: Mapped[Kind]  # regulator or operator: of whom the first signature is
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    jti: Mapped[str] = mapped_column(sa.String(200))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    issued_at: Mapped[datetime]
    until: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("member_id", "jti"),)


class Confirmation(Base):
    """The second signature, of the other side, over the same digest."""

    __tablename__ = "order_confirmation"
    told = ("order_id", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("order.id"), unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    confirmed_at: Mapped[datetime]


class Withdrawal(Base):
    """One side's word that the authority has withdrawn its order; with the other side's it is lifted."""

    __tablename__ = "order_withdrawal"
    told = ("order_id", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("order.id"))
    side: Mapped[Kind]
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    signed_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("order_id", "side"),)
