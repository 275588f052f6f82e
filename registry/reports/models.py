from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base, new_id
from registry.policy import Basis, Staff
from registry.reports.contents import Kind
from registry.reports.rules import Ground, InspectionState, State, Verdict

_WAITING = sa.text("case_id IS NULL")


class Report(Base):
    """The accusation. Its words are in the sealed statement, its subject in the case; here stands what steers it."""

    __tablename__ = "report"
    told = (
        "case_id",
        "member_id",
        "state",
        "level",
        "term_days",
        "filed_by",
        "countersigned_by",
        "window_closes_at",
        "unheard_since",
        "heard_at",
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    state: Mapped[State] = mapped_column(index=True)
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))  # SHA-256 of the present version's payload
    offence: Mapped[str] = mapped_column(sa.String(40))
    offence_version: Mapped[int]
    staff: Mapped[Staff]
    impersonation: Mapped[bool]  # the papers may be somebody else's
    level: Mapped[int]
    basis: Mapped[Basis]
    term_days: Mapped[int | None]  # None: permanent, as far as the policy allows
    incident: Mapped[str | None] = mapped_column(sa.String(64), index=True)  # alias of the member's own reference
    late: Mapped[bool]
    sealed_words: Mapped[bytes]  # the payload of the present version
    sealed_contact: Mapped[bytes]  # JSON: name, address, phone, language
    filed_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # who signed the present version
    filed_at: Mapped[datetime]
    countersigned_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))
    window_closes_at: Mapped[datetime | None]
    unheard_since: Mapped[datetime | None]  # the window runs without proof that anything reached the person
    heard_at: Mapped[datetime | None]  # proof of receipt, or their own first act
    sealed_reason: Mapped[bytes | None]  # for which its member has taken it back

    __table_args__ = (sa.Index("ix_report_due", "state", "window_closes_at"),)


class ReportVersion(Base):
    """A report as somebody signed it. Every version stays."""

    __tablename__ = "report_version"
    told = ("report_id", "number", "account_id", "kid")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"))
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"))
    number: Mapped[int]  # 1, 2, 3… within the report
    jti: Mapped[str] = mapped_column(sa.String(200))
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))  # SHA-256 of the payload
    sealed_statement: Mapped[bytes]  # the JWS
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.kid"))
    at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("report_id", "number"),
        sa.UniqueConstraint("member_id", "statement_digest"),
        sa.UniqueConstraint("member_id", "jti"),
    )


class Draft(Base):
    """A report that somebody is still writing. There is no case yet, so it is sealed under the vault key."""

    __tablename__ = "draft"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    version: Mapped[int]  # 1, 2, 3…: what an edit must name
    sealed_document: Mapped[bytes]  # JSON
    created_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]


class Incident(Base):
    """What a member notes for itself before there is anything to report; sealed under the vault key."""

    __tablename__ = "incident"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    sealed_note: Mapped[bytes]  # JSON {"reference", "text"}
    noted_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    noted_at: Mapped[datetime] = mapped_column(index=True)


class Countersignature(Base):
    """The second person's statement over the same digest and the same tag, from a number entered again."""

    __tablename__ = "countersignature"
    told = ("report_id", "version_id", "account_id", "kid")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), index=True)
    version_id: Mapped[str] = mapped_column(sa.ForeignKey("report_version.id"), unique=True)
    statement_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed_statement: Mapped[bytes]  # the JWS
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    kid: Mapped[str] = mapped_column(sa.ForeignKey("signing_key.kid"))
    at: Mapped[datetime]


class Screening(Base):
    """What the neutral screener said."""

    __tablename__ = "screening"
    told = ("report_id", "verdict", "account_id")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), unique=True)
    verdict: Mapped[Verdict]
    ground: Mapped[Ground | None]
    fact: Mapped[int | None]  # the place, from 1, of the alleged fact that the ground applies to
    sealed_reasons: Mapped[bytes]
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime]


class Exhibit(Base):
    """A piece of evidence. Under the vault key until a report names it, under that case's key from then on.

    `lookup` is a keyed hash of its SHA-256: whoever has the database cannot tell whether a file they know is in it.
    An annex has a `copy_id`: the redacted copy of it that those on the case may open.
    """

    __tablename__ = "exhibit"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("member.id"), index=True)
    lookup: Mapped[bytes] = mapped_column(sa.LargeBinary(32), index=True)
    copy_id: Mapped[str | None] = mapped_column(sa.ForeignKey("exhibit.id"), unique=True)
    kind: Mapped[Kind]
    size: Mapped[int]  # bytes
    sealed_content: Mapped[bytes]
    uploaded_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))
    uploaded_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("case_id", "lookup"),
        # A case is NULL for every upload that waits, and NULLs are never equal: those need a rule of their own.
        sa.Index(
            "ix_exhibit_waiting", "member_id", "lookup", unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING
        ),
    )


class Inspection(Base):
    """Somebody on the case looks at a sealed annex under supervision: who, when, where, and two who sign for it."""

    __tablename__ = "inspection"
    told = ("case_id", "state", "inspector", "held_by", "signed_by")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    exhibit_id: Mapped[str] = mapped_column(sa.ForeignKey("exhibit.id"))  # the annex
    state: Mapped[InspectionState]
    inspector: Mapped[str] = mapped_column(sa.String(64))  # an account, or `subject:<case id>`
    sealed_place: Mapped[bytes]
    held_by: Mapped[str] = mapped_column(sa.ForeignKey("account.id"))  # who supervises, and signs first
    began_at: Mapped[datetime]
    sealed_remarks: Mapped[bytes | None]
    ended_at: Mapped[datetime | None]
    signed_by: Mapped[str | None] = mapped_column(sa.ForeignKey("account.id"))  # the second
    signed_at: Mapped[datetime | None]


class Extension(Base):
    """The one time that a window was made longer: at the subject's wish, or by the clerk for reasons."""

    __tablename__ = "extension"
    told = ("case_id", "days", "at")

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    actor: Mapped[str] = mapped_column(sa.String(64))
    days: Mapped[int]
    sealed_reasons: Mapped[bytes | None]  # the clerk's; the subject needs none
    at: Mapped[datetime]


class Representation(Base):
    """What the subject says to the screener and the filing member; a late one says why it is late."""

    __tablename__ = "representation"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("case.id"), index=True)
    late: Mapped[bool]
    sealed_text: Mapped[bytes]
    sealed_late_reasons: Mapped[bytes | None]
    made_at: Mapped[datetime]
