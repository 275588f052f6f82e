"""labels, places, snapshots and challenges

Revision: 0016
After: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("handle", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("handle", name=op.f("uq_label_handle")),
    )
    op.create_table(
        "snapshot",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("dummies", sa.Integer(), nullable=False),
        sa.Column("roots", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("act", name=op.f("uq_snapshot_act")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_at"), ["at"], unique=False)

    op.create_table(
        "challenge",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_challenge_batch_id_batch")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_challenge")),
    )
    op.create_table(
        "place",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("label_id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_place_entry_id_entry")),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_place_label_id_label")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    with op.batch_alter_table("place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_place_before"), ["before"], unique=False)
        batch_op.create_index(batch_op.f("ix_place_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_place_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_place_label_id"), ["label_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_place_since"), ["since"], unique=False)

    op.create_table(
        "stirred",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_stirred_entry_id_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stirred")),
    )


def downgrade() -> None:
    op.drop_table("stirred")
    with op.batch_alter_table("place", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_place_since"))
        batch_op.drop_index(batch_op.f("ix_place_label_id"))
        batch_op.drop_index(batch_op.f("ix_place_entry_id"))
        batch_op.drop_index(batch_op.f("ix_place_ends_at"))
        batch_op.drop_index(batch_op.f("ix_place_before"))

    op.drop_table("place")
    op.drop_table("challenge")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_at"))

    op.drop_table("snapshot")
    op.drop_table("label")
