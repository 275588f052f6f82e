from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id


class Case(Base):
    __tablename__ = "case"
    told = ("member_id", "hidden_until", "preserved_until")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(sa.String(16), unique=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)  # who accuses
    subject_handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)
    sealed_tag: Mapped[bytes | None]  # to the key holder, for the case match and for rotation
    wrapped_key: Mapped[bytes | None]  # None once the case is erased
    wrapped_under: Mapped[str | None] = mapped_column(sa.ForeignKey("wrapping_key.id"), index=True)  # None: vault key
    opened_at: Mapped[datetime]
    hidden_until: Mapped[datetime | None]  # by an order or its own member; the entry has it too
    preserved_until: Mapped[datetime | None]  # by an order: nothing of it is erased before
    contested_since: Mapped[datetime | None]  # before a court or the like, as the member has told


class WrappingKey(Base):
    """A key that wraps case keys, of which a file has the bytes. The newest wraps; a renewal takes it round."""

    __tablename__ = "wrapping_key"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)  # 1, 2, 3…
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]  # from then on no case is under an older one
    destroyed_at: Mapped[datetime | None]


class Step(Base):
    """One transition of anything that has a state. Replaying the steps of a row gives its state."""

    __tablename__ = "step"
    told = ("case_id", "subject", "number", "verb", "before", "after", "actor", "at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(64), index=True)  # table:id of what moved
    number: Mapped[int]  # 1, 2, 3… within the subject
    verb: Mapped[str] = mapped_column(sa.String(32))
    before: Mapped[str | None] = mapped_column(sa.String(32))
    after: Mapped[str] = mapped_column(sa.String(32))
    actor: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("subject", "number"),)


class Statement(Base):
    """The subject's own words, shown with the entry. A later one replaces it; the log keeps that it did."""

    __tablename__ = "statement"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    sealed_text: Mapped[bytes]
    made_at: Mapped[datetime]
