"""annexes and their inspections

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("exhibit_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("inspector", sa.String(length=64), nullable=False),
        sa.Column("sealed_place", sa.LargeBinary(), nullable=False),
        sa.Column("held_by", sa.String(length=40), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_remarks", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(length=40), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_inspection_case_id_case")),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibit.id"], name=op.f("fk_inspection_exhibit_id_exhibit")),
        sa.ForeignKeyConstraint(["held_by"], ["account.id"], name=op.f("fk_inspection_held_by_account")),
        sa.ForeignKeyConstraint(["signed_by"], ["account.id"], name=op.f("fk_inspection_signed_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inspection_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("exhibit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copy_id", sa.String(length=32), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_exhibit_copy_id"), ["copy_id"])
        batch_op.create_foreign_key(batch_op.f("fk_exhibit_copy_id_exhibit"), "exhibit", ["copy_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("exhibit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_exhibit_copy_id_exhibit"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_exhibit_copy_id"), type_="unique")
        batch_op.drop_column("copy_id")

    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inspection_case_id"))

    op.drop_table("inspection")
