"""where persons are told of news

Revision: 0027
After: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_contact",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_subject_contact_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_contact")),
        sa.UniqueConstraint("case_id", name=op.f("uq_subject_contact_case_id")),
    )


def downgrade() -> None:
    op.drop_table("subject_contact")
