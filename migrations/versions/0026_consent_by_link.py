"""consent by link

Revision: 0026
After: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_group",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=43), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_statement", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_consent_group_account_id_account")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_consent_group_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_group")),
    )
    with op.batch_alter_table("consent_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_group_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_group_member_id"), ["member_id"], unique=False)

    op.create_table(
        "consent_link",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("evaluations", sa.Integer(), nullable=False),
        sa.Column("th", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_consent", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["consent_group.id"], name=op.f("fk_consent_link_group_id_consent_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_link")),
    )
    with op.batch_alter_table("consent_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_link_group_id"), ["group_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("consent_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_link_group_id"))

    op.drop_table("consent_link")
    with op.batch_alter_table("consent_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_group_member_id"))
        batch_op.drop_index(batch_op.f("ix_consent_group_expires_at"))

    op.drop_table("consent_group")
