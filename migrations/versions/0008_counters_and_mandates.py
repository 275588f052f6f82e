"""counters and mandates

Revision: 0008
After: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_mandate_case_id_case")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_mandate_recorded_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_case_id"), ["case_id"], unique=False)

    op.create_table(
        "sighting",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sighting_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_sighting_case_id_case")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sighting_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
    )
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sighting_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("subject_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mandate_id", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_subject_session_mandate_id_mandate"), "mandate", ["mandate_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("subject_session", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_subject_session_mandate_id_mandate"), type_="foreignkey")
        batch_op.drop_column("mandate_id")

    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sighting_case_id"))

    op.drop_table("sighting")
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mandate_case_id"))

    op.drop_table("mandate")
