from __future__ import annotations

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Kind(enum.StrEnum):
    CARRIER = "carrier"
    ASSOCIATION = "association"
    VERIFIER = "verifier"
    REGULATOR = "regulator"
    OPERATOR = "operator"


class Standing(enum.StrEnum):
    ADMITTED = "admitted"
    SUSPENDED = "suspended"  # may answer and read its own, not file or check
    GONE = "gone"


class Member(Base):
    __tablename__ = "member"
    told = ("kind", "group", "standing")

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # a short name, `acme`
    name: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[Kind]
    group: Mapped[str] = mapped_column(sa.String(40))  # companies under one owner share it: conflicts of interest
    standing: Mapped[Standing]
    headcount: Mapped[int]  # declared; the daily budget of checks follows it
    admitted_at: Mapped[datetime]


class Unit(Base):
    """An outlet, franchisee or agency of a member."""

    __tablename__ = "unit"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))

    __table_args__ = (sa.UniqueConstraint("member_id", "name"),)
