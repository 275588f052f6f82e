"""keys that wrap case keys

Revision: 0032
After: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wrapping_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrapping_key")),
        sa.UniqueConstraint("number", name=op.f("uq_wrapping_key_number")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wrapped_under", sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f("ix_case_wrapped_under"), ["wrapped_under"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_case_wrapped_under_wrapping_key"), "wrapping_key", ["wrapped_under"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_case_wrapped_under_wrapping_key"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_case_wrapped_under"))
        batch_op.drop_column("wrapped_under")

    op.drop_table("wrapping_key")
