from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.notices.rules import Channel, Delivery, Route, State

_WAITING = sa.text("delivered_at IS NULL AND given_up_at IS NULL")


class Message(Base):
    """One message: what happened and the id of it, nothing personal. Sent at least once, or given up.

    To a member, or with none to the person whom the case is about; where they are reached is looked up when it leaves.
    """

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    channel: Mapped[Channel]
    member_id: Mapped[str | None] = mapped_column(sa.ForeignKey("member.id"), index=True)
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_message_waiting", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),)


class SubjectContact(Base):
    """Where the person wants to be told that there is something new to read: their own words, sealed."""

    __tablename__ = "subject_contact"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    sealed_contact: Mapped[bytes]  # JSON: email, phone, language
    given_at: Mapped[datetime]


class Webhook(Base):
    """Where a member wants its messages."""

    __tablename__ = "webhook"

    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    url: Mapped[str] = mapped_column(sa.String(500))
    set_at: Mapped[datetime]


class Notice(Base):
    """A letter to the subject, with the proof of its service. The code stands in the sealed letter and nowhere else."""

    __tablename__ = "notice"
    told = ("case_id", "state", "printed_at", "served_at", "delivery")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    state: Mapped[State] = mapped_column(index=True)
    sealed_letter: Mapped[bytes]  # HTML in Chinese and English
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    attempts_left: Mapped[int]
    drafted_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]
    served_at: Mapped[datetime | None]
    delivery: Mapped[Delivery | None]
    sealed_proof: Mapped[bytes | None]
    sealed_reason: Mapped[bytes | None]  # for which another took its place

    __table_args__ = (sa.CheckConstraint("attempts_left >= 0", name="attempts"),)


class Attempt(Base):
    """That a letter, or the word that one waits, was sent on its way. Receipt is another thing: see the letter."""

    __tablename__ = "attempt"
    told = ("case_id", "notice_id", "route", "tried_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    notice_id: Mapped[str] = mapped_column(sa.ForeignKey("notice.id"))
    route: Mapped[Route]
    tried_at: Mapped[datetime]
    sealed_proof: Mapped[bytes]
    actor: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("notice_id", "route"),)


class CaseMatch(Base):
    """A case match that was begun with the right code, bound to its letter; the holder's own id of it stands here."""

    __tablename__ = "case_match"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    notice_id: Mapped[str] = mapped_column(sa.ForeignKey("notice.id"), index=True)
    holder_match: Mapped[str] = mapped_column(sa.String(64))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SubjectSession(Base):
    """Somebody who has matched a case. They hold the token, the row its SHA-256."""

    __tablename__ = "subject_session"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    mandate_id: Mapped[str | None] = mapped_column(sa.ForeignKey("mandate.id"))  # of whoever acts for them
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
