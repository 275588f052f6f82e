"""decisions after a hit

Revision: 0024
After: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hit_decision",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("check_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("told_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hit_decision_account_id_account")),
        sa.ForeignKeyConstraint(["check_id"], ["check.id"], name=op.f("fk_hit_decision_check_id_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hit_decision")),
        sa.UniqueConstraint("check_id", name=op.f("uq_hit_decision_check_id")),
    )


def downgrade() -> None:
    op.drop_table("hit_decision")
