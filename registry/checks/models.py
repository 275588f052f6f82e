from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.checks.rules import LinkState, Outcome, Verdict
from registry.db import Base, new_id
from registry.policy import Consent, Purpose


class Ticket(Base):
    """What an evaluation paid for: `count` tags of one account, spent by compare-and-set until `expires_at`."""

    __tablename__ = "ticket"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # the `jti` that the key holder gave it
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    count: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (sa.CheckConstraint("used BETWEEN 0 AND count", name="not_overspent"),)


class Allowance(Base):
    """How many evaluations somebody has had on one day (UTC)."""

    __tablename__ = "allowance"

    scope: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # `member:…`, `unit:…` or `account:…`
    day: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    used: Mapped[int]


class Burst(Base):
    """When somebody may ask at full stroke again: each evaluation moves it on, and time goes towards it."""

    __tablename__ = "burst"

    scope: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # as of `allowance`
    full_at: Mapped[datetime] = mapped_column(index=True)


class Batch(Base):
    """One request with up to 1,000 checks. Its receipt is not kept: it is signed again from here, byte for byte."""

    __tablename__ = "batch"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    unit_id: Mapped[str] = mapped_column(sa.ForeignKey("unit.id"))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    consent: Mapped[Consent]
    sealed_consent: Mapped[bytes]  # what the member declared, whole, under the vault key
    count: Mapped[int]
    ticket_id: Mapped[str] = mapped_column(sa.String(64))
    rotation: Mapped[int] = mapped_column(default=0)  # which made the key that its tags are under; 0: the first key
    answers: Mapped[str] = mapped_column(sa.String(43))  # their digest, as in the receipt and in the act
    size: Mapped[int] = mapped_column(sa.BigInteger)  # of the newest checkpoint when the answer was given
    root: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    act: Mapped[str] = mapped_column(sa.String(32))  # uid of the act whose opening the receipt carries
    at: Mapped[datetime]


class Check(Base):
    __tablename__ = "check"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batch.id"))
    ordinal: Mapped[int]  # 0, 1, 2… within the batch
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), index=True)  # None once erased
    sealed_tag: Mapped[bytes | None]  # to the key holder, for rotation; goes with the handle
    entry_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entry.id"), index=True)
    later_entry_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entry.id"), index=True)  # told by a recall
    blind: Mapped[bytes | None]  # 16 random bytes that go with the handle, so that no digest of the row betrays it
    outcome: Mapped[Outcome]
    at: Mapped[datetime]
    closes_at: Mapped[datetime | None] = mapped_column(index=True)  # until then a listing is told to the member
    hired: Mapped[bool | None]  # what became of it, once the member has said so
    kept_until: Mapped[datetime] = mapped_column(index=True)  # then the handle is erased

    __table_args__ = (sa.UniqueConstraint("batch_id", "ordinal"),)


class Canary(Base):
    """An identity that nobody has: whoever asks about it is guessing. Its number is written down nowhere."""

    __tablename__ = "canary"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    handle: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    sealed_tag: Mapped[bytes]  # to the key holder, for rotation
    added_at: Mapped[datetime]  # checks from then on raise an alarm
    added_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))


class Challenge(Base):
    """How many tags of a batch were asked about once more, against a snapshot."""

    __tablename__ = "challenge"

    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batch.id"), primary_key=True)
    used: Mapped[int]


class HitDecision(Base):
    """What a named person decided after a hit, once: who, when the candidate was told before, and why."""

    __tablename__ = "hit_decision"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    check_id: Mapped[str] = mapped_column(sa.ForeignKey("check.id"), unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # who wrote it down
    verdict: Mapped[Verdict]
    told_on: Mapped[datetime]  # the day, as midnight UTC, on which the person was told of the hit, before the decision
    sealed_words: Mapped[bytes]  # who decided and why, under the case's key
    at: Mapped[datetime]


class ConsentGroup(Base):
    """A member's question to some candidates: may we check you, for this purpose, as this text says?"""

    __tablename__ = "consent_group"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)  # the `jti` of the member's statement
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    text: Mapped[str] = mapped_column(sa.String(43))  # SHA-256 of what candidates agree to
    sealed_text: Mapped[bytes]
    sealed_statement: Mapped[bytes]  # the member's, signed
    at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    mismatched_at: Mapped[datetime | None]  # when a check last named somebody whose consent is not in it


class ConsentLink(Base):
    """One candidate's link. Its secret stands in the link alone; the row has its SHA-256."""

    __tablename__ = "consent_link"
    case_id: ClassVar[None] = None  # its steps belong to no case

    id: Mapped[str] = mapped_column(sa.String(43), primary_key=True)
    group_id: Mapped[str] = mapped_column(sa.ForeignKey("consent_group.id"), index=True)
    state: Mapped[LinkState]
    evaluations: Mapped[int]
    th: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))  # gone once it is used
    sealed_consent: Mapped[bytes | None]  # the candidate's, signed
    answered_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
