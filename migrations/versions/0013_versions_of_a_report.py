"""versions of a report

A signed statement cannot be taken apart here, so a database that holds a report cannot be upgraded; none was released.

Revision: 0013
After: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("jti", sa.String(length=200), nullable=False),
        sa.Column("statement_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_statement", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_version_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_report_version_case_id_case")),
        sa.ForeignKeyConstraint(["kid"], ["signing_key.kid"], name=op.f("fk_report_version_kid_signing_key")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_report_version_member_id_member")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_version_report_id_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_version")),
        sa.UniqueConstraint("member_id", "jti", name=op.f("uq_report_version_member_id_jti")),
        sa.UniqueConstraint("member_id", "statement_digest", name=op.f("uq_report_version_member_id_statement_digest")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_report_version_report_id_number")),
    )
    with op.batch_alter_table("report_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_version_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("countersignature", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version_id", sa.String(length=32), nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_countersignature_report_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_countersignature_report_id"), ["report_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_countersignature_version_id"), ["version_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_countersignature_version_id_report_version"), "report_version", ["version_id"], ["id"]
        )

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed_words", sa.LargeBinary(), nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_report_member_id_jti"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_report_member_id_statement_digest"), type_="unique")
        batch_op.drop_constraint(batch_op.f("fk_report_kid_signing_key"), type_="foreignkey")
        batch_op.drop_column("sealed_statement")
        batch_op.drop_column("kid")
        batch_op.drop_column("jti")

    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fact", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.drop_column("fact")

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("jti", sa.String(length=200), nullable=False))
        batch_op.add_column(sa.Column("kid", sa.String(length=43), nullable=False))
        batch_op.add_column(sa.Column("sealed_statement", sa.LargeBinary(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_report_kid_signing_key"), "signing_key", ["kid"], ["kid"])
        batch_op.create_unique_constraint(
            batch_op.f("uq_report_member_id_statement_digest"), ["member_id", "statement_digest"]
        )
        batch_op.create_unique_constraint(batch_op.f("uq_report_member_id_jti"), ["member_id", "jti"])
        batch_op.drop_column("sealed_words")

    with op.batch_alter_table("countersignature", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_countersignature_version_id_report_version"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_countersignature_version_id"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_countersignature_report_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_countersignature_report_id"), ["report_id"])
        batch_op.drop_column("version_id")

    with op.batch_alter_table("report_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_version_case_id"))

    op.drop_table("report_version")
