"""orders are lifted before their date

Revision: 0030
After: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_withdrawal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("statement_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_statement", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_order_withdrawal_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_order_withdrawal_case_id_case")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_withdrawal_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_withdrawal")),
        sa.UniqueConstraint("order_id", "side", name=op.f("uq_order_withdrawal_order_id_side")),
    )
    with op.batch_alter_table("order_withdrawal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_withdrawal_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("order_withdrawal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_withdrawal_case_id"))

    op.drop_table("order_withdrawal")
