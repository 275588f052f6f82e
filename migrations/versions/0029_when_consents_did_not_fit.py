"""when consents did not fit

Revision: 0029
After: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("consent_group", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mismatched_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("consent_group", schema=None) as batch_op:
        batch_op.drop_column("mismatched_at")
