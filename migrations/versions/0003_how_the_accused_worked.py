"""how the accused worked, and the version of the offence

A report of the form before has neither facts nor proof, so a database that holds one cannot be upgraded; none was
released.

Revision: 0003
After: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offence_version", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("staff", sa.String(length=32), nullable=False))
        batch_op.add_column(sa.Column("impersonation", sa.Boolean(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_column("impersonation")
        batch_op.drop_column("staff")
        batch_op.drop_column("offence_version")
