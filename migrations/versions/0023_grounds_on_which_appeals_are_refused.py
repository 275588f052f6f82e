"""grounds on which appeals are refused

Revision: 0023
After: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused_for", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("refused_by", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_appeal_refused_by_account"), "account", ["refused_by"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_appeal_refused_by_account"), type_="foreignkey")
        batch_op.drop_column("refused_by")
        batch_op.drop_column("refused_for")
