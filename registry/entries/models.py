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
    told = (
        "case_id",
        "report_id",
        "member_id",
        "state",
        "level",
        "disputed",
        "unheard",
        "first_hit_at",
        "contacted_at",
        "listed_at",
        "hidden_until",
        "until",
    )

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
    hidden_until: Mapped[datetime | None]  # by an order or its own member, whatever its state
    until: Mapped[datetime | None]  # None: permanent, while the policy has no cap


class Label(Base):
    """What stands for the tag of a handle in the absence tree (`registry.log.absence`), under one identity key.

    Made where the tag is at hand, because a handle does not lead to it: when an entry is listed, and when a rotation
    moves the tag of a case. Sealed under the vault key; it and the handle are None once the person is forgotten.
    """

    __tablename__ = "label"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))  # as every row about the person has it
    rotation: Mapped[int] = mapped_column(default=0)  # which made the key that the tag is under; 0: the first key
    sealed: Mapped[bytes | None]

    __table_args__ = (sa.UniqueConstraint("handle", "rotation"),)


class Place(Base):
    """An entry in the absence tree, from one snapshot until before another: what checkers were shown of its handle.

    `label_id` is any of the handle's labels: a snapshot takes the one of the key that it is about.
    """

    __tablename__ = "place"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    label_id: Mapped[str] = mapped_column(sa.ForeignKey("label.id"), index=True)
    entry_id: Mapped[str] = mapped_column(sa.ForeignKey("entry.id"), index=True)
    since: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    before: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)  # None while it is there
    ends_at: Mapped[datetime | None] = mapped_column(index=True)  # the entry's own end, for the snapshot after it


class Stirred(Base):
    """Something has happened to an entry, and the next snapshot has to look at it. One for each time: were they one
    for each entry, a snapshot could take away what another transaction relies on."""

    __tablename__ = "stirred"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(sa.ForeignKey("entry.id"))


class Snapshot(Base):
    """What was visible when a checkpoint was made; its act is the checkpoint's last leaf."""

    __tablename__ = "snapshot"

    number: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    act: Mapped[str] = mapped_column(sa.String(32), unique=True)  # its uid
    at: Mapped[datetime] = mapped_column(index=True)
    epoch: Mapped[int]
    rotation: Mapped[int] = mapped_column(default=0)  # which made the key that its labels' tags are under
    entries: Mapped[int]
    dummies: Mapped[int]
    roots: Mapped[bytes] = mapped_column(sa.LargeBinary(32))  # SHA-256 over the 16 of them
