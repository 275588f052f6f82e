"""outcome of a check, due findings, preserved cases

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("preserved_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("check", schema=None) as batch_op:
        batch_op.add_column(sa.Column("blind", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("hired", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
    op.execute('UPDATE "check" SET kept_until = COALESCE(closes_at, at)')
    with op.batch_alter_table("check", schema=None) as batch_op:
        batch_op.alter_column("kept_until", nullable=False)
        batch_op.create_index(batch_op.f("ix_check_kept_until"), ["kept_until"], unique=False)

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_column("escalated_at")
        batch_op.drop_column("due_at")

    with op.batch_alter_table("check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_kept_until"))
        batch_op.drop_column("kept_until")
        batch_op.drop_column("hired")
        batch_op.drop_column("blind")

    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_column("preserved_until")
