"""The log's own tables. They need no attesting: checkpoints sign the tiles, tiles hash the leaves."""

from __future__ import annotations

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.db import Base


class LeafType(enum.StrEnum):
    """All that the public learns of an act's kind."""

    ACT = "act"
    KEY = "key"
    SNAPSHOT = "snapshot"
    ERASURE = "erasure"


class Act(Base):
    """One thing that somebody did, and its leaf. Written in the transaction that did it.

    `salt`, `record` and `rows` are sealed: under the case's key when there is a case, else under the vault key.
    Destroying the case key leaves the commitment, which then says nothing.
    """

    __tablename__ = "act"
    logged = False

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(32), unique=True)
    type: Mapped[LeafType]
    at: Mapped[datetime]
    case_id: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    commitment: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    salt: Mapped[bytes]
    record: Mapped[bytes]
    rows: Mapped[bytes]
    clear: Mapped[str | None]  # the public key that a `key` leaf shows, as JCS
    # The sequencer fills these two, together, once.
    position: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), unique=True)
    entry: Mapped[bytes | None]

    __table_args__ = (
        sa.CheckConstraint("(position IS NULL) = (entry IS NULL)", name="sequenced_whole"),
        sa.Index(
            "ix_act_pending",
            "id",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        ),
    )


class Tile(Base):
    """Up to 256 hashes of one level of the tree (C2SP tlog-tiles)."""

    __tablename__ = "tile"
    logged = False

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]


class Checkpoint(Base):
    """A signed tree head. The size is the key: there are never two of one size.

    `previous` is the size of the checkpoint before (0 for the first), so that a missing one is missed. `published` is
    the note with the quorum's cosignatures, and NULL until (or if never) it was met: nobody is shown such a head.
    `seal` is a keyed hash over the row (`registry.log.sequencer.seal`).
    """

    __tablename__ = "checkpoint"
    logged = False

    size: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    previous: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), unique=True)
    root: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    at: Mapped[datetime]
    note: Mapped[str]
    published: Mapped[str | None]
    seal: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
