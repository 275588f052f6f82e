from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.appeals.eligibility import Inadmissible
from registry.appeals.recusal import State as RecusalState
from registry.appeals.rules import Lane, State
from registry.db import Base, new_id


class Appeal(Base):
    """One instance of an appeal. The subject's words, and the clerk's reasons, are sealed under the case key."""

    __tablename__ = "appeal"
    told = (
        "case_id",
        "instance",
        "previous_id",
        "member_id",
        "state",
        "lane",
        "suspended",
        "lodged_at",
        "informed_at",
        "began_at",
        "proofed_at",
        "admitted_at",
        "lapsed_at",
        "exhausted_at",
        "decided_at",
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    number: Mapped[int]  # 1, 2, 3… within the case
    instance: Mapped[int]
    previous_id: Mapped[str | None] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)  # the first instance
    entry_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entry.id"))  # None: about a report not yet listed
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)  # who filed, and must answer
    state: Mapped[State] = mapped_column(index=True)
    lane: Mapped[Lane]
    grounds: Mapped[list[str]]
    sealed_text: Mapped[bytes]
    sealed_admission: Mapped[bytes | None]  # reasons for admitting or refusing it
    refused_for: Mapped[Inadmissible | None]
    refused_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))
    suspended: Mapped[bool] = mapped_column(default=False)  # the entry is hidden because of this appeal
    lodged_at: Mapped[datetime]
    informed_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]  # when the clock of both instances together began
    proofed_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]
    exhausted_at: Mapped[datetime | None]  # since when nobody is left who could take a vacated seat
    decided_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)


class Attestation(Base):
    """A verifier's signed word that the person of the case stood before them. One is enough for the whole case."""

    __tablename__ = "attestation"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    jti: Mapped[str] = mapped_column(sa.String(200))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS; it holds the tag
    made_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("member_id", "jti"),)


class Sighting(Base):
    """One officer at a counter has seen the person of the case. It takes two of one verifier."""

    __tablename__ = "sighting"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    seen_at: Mapped[datetime]


class Answer(Base):
    """What the filing member answers, signed by one of its people."""

    __tablename__ = "answer"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    answered_at: Mapped[datetime]


class Interest(Base):
    """A panelist's declared interest, in a member or in one case. It keeps them out of pools, and off their seats."""

    __tablename__ = "interest"
    told = ("account_id", "member_id", "case_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    member_id: Mapped[str | None] = mapped_column(sa.ForeignKey("member.id"))
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("case.id"))
    declared_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("(member_id IS NULL) <> (case_id IS NULL)", name="of_one_thing"),)


class Draw(Base):
    """The draw of one appeal's panel: the pool that admission fixed, then the nonce, then what came of them."""

    __tablename__ = "draw"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(24), unique=True)  # to the holder of the draw key
    pool: Mapped[list[list[str]]] = mapped_column(sa.JSON())  # [account, member] of everyone eligible, sorted
    root: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    admission: Mapped[str] = mapped_column(sa.String(32))  # uid of the act whose leaf the message names
    nonce: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    nonce_act: Mapped[str | None] = mapped_column(sa.String(32))
    message: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    v: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    proof: Mapped[bytes | None] = mapped_column(sa.LargeBinary(64))
    draw_act: Mapped[str | None] = mapped_column(sa.String(32))


class Silence(Base):
    """A regulator's signed word that the subject sent no nonce; with it zeros are drawn from."""

    __tablename__ = "silence"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.String(43))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    made_at: Mapped[datetime]


class Intervention(Base):
    """What a regulator puts to a panel, for both sides to read."""

    __tablename__ = "intervention"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), index=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    sealed_text: Mapped[bytes]
    made_at: Mapped[datetime]


class Seat(Base):
    """A place on a panel. Who leaves it is followed by the next in rank; there is no second draw."""

    __tablename__ = "seat"
    told = ("appeal_id", "account_id", "member_id", "rank", "left_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), index=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    rank: Mapped[int]  # 0 is the first in the pool's order
    seated_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("appeal_id", "rank"), sa.UniqueConstraint("appeal_id", "account_id"))


class Recusal(Base):
    """Why the subject says that somebody on the panel must not decide: one for each panel."""

    __tablename__ = "recusal"
    told = ("case_id", "appeal_id", "seat_id", "state", "asked_at", "decided_by")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), unique=True)
    seat_id: Mapped[str] = mapped_column(sa.ForeignKey("seat.id"))
    state: Mapped[RecusalState] = mapped_column(index=True)
    sealed_text: Mapped[bytes]
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))  # None when the clock did
    decided_at: Mapped[datetime | None]
    sealed_reasons: Mapped[bytes | None]


class Vote(Base):
    """One seat's vote: nothing of it is in the clear, and nobody is shown it before `opened_at`."""

    __tablename__ = "vote"
    told = ("appeal_id", "seat_id", "opened_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    appeal_id: Mapped[str] = mapped_column(sa.ForeignKey("appeal.id"), index=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    seat_id: Mapped[str] = mapped_column(sa.ForeignKey("seat.id"), unique=True)
    sealed_choice: Mapped[bytes]  # JSON {"choice", "term_days", "level"}
    sealed_reasons: Mapped[bytes]
    cast_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
