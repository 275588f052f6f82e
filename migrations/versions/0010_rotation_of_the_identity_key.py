"""rotation of the identity key

Revision: 0010
After: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renamed",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("handle", sa.LargeBinary(length=32), nullable=False),
        sa.Column("handle_next", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renamed")),
        sa.UniqueConstraint("handle", name=op.f("uq_renamed_handle")),
        sa.UniqueConstraint("handle_next", name=op.f("uq_renamed_handle_next")),
    )
    op.create_table(
        "rotation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("old_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("new_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ratio_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("act", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation")),
        sa.UniqueConstraint("number", name=op.f("uq_rotation_number")),
    )
    op.create_table(
        "rotation_proof",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rotation_id", sa.String(length=32), nullable=False),
        sa.Column("proof", sa.LargeBinary(length=64), nullable=False),
        sa.Column("tags", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["rotation_id"], ["rotation.id"], name=op.f("fk_rotation_proof_rotation_id_rotation")),
        sa.ForeignKeyConstraint(["verified_by"], ["account.id"], name=op.f("fk_rotation_proof_verified_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_proof")),
    )
    with op.batch_alter_table("rotation_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rotation_proof_rotation_id"), ["rotation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rotation_proof_verified_at"), ["verified_at"], unique=False)

    op.create_table(
        "moved",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("proof_id", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("sealed_next", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["proof_id"], ["rotation_proof.id"], name=op.f("fk_moved_proof_id_rotation_proof")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_moved")),
    )
    with op.batch_alter_table("moved", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_moved_proof_id"), ["proof_id"], unique=False)

    with op.batch_alter_table("check", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed_tag", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("check", schema=None) as batch_op:
        batch_op.drop_column("sealed_tag")

    with op.batch_alter_table("moved", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_moved_proof_id"))

    op.drop_table("moved")
    with op.batch_alter_table("rotation_proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rotation_proof_verified_at"))
        batch_op.drop_index(batch_op.f("ix_rotation_proof_rotation_id"))

    op.drop_table("rotation_proof")
    op.drop_table("rotation")
    op.drop_table("renamed")
