from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.amendments.rules import Kind, State
from registry.db import Base, new_id


class Amendment(Base):
    """What the member says about its report. Its words are in the sealed statement; here stands what steers it."""

    __tablename__ = "amendment"
    told = ("case_id", "kind", "state", "account_id", "signed_at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"))
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    kind: Mapped[Kind]
    state: Mapped[State] = mapped_column(index=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.kid"))
    jti: Mapped[str] = mapped_column(sa.String(200))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))  # SHA-256 of the payload
    sealed_statement: Mapped[bytes]  # the JWS
    signed_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("member_id", "jti"),)


class AmendmentConfirmation(Base):
    """The second person's statement over the same digest."""

    __tablename__ = "amendment_confirmation"
    told = ("amendment_id", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    amendment_id: Mapped[str] = mapped_column(sa.ForeignKey("amendment.id"), unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.kid"))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    confirmed_at: Mapped[datetime]
