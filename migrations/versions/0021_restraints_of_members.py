"""restraints of members

Revision: 0021
After: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restraint",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("overturned", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=40), nullable=True),
        sa.Column("sealed_reasons", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["lifted_by"], ["account.id"], name=op.f("fk_restraint_lifted_by_account")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_restraint_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restraint")),
    )
    with op.batch_alter_table("restraint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_restraint_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_restraint_state"), ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("restraint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_restraint_state"))
        batch_op.drop_index(batch_op.f("ix_restraint_member_id"))

    op.drop_table("restraint")
