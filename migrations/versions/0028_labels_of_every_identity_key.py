"""labels of every identity key

Revision: 0028
After: 0027
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rotation", sa.Integer(), nullable=False, server_default="0"))

    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rotation", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint(batch_op.f("uq_label_handle"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_label_handle_rotation"), ["handle", "rotation"])

    with op.batch_alter_table("renamed", schema=None) as batch_op:
        batch_op.add_column(sa.Column("blind", sa.LargeBinary(length=16), nullable=True))
    _blind(op.get_bind())
    with op.batch_alter_table("renamed", schema=None) as batch_op:
        batch_op.alter_column("blind", existing_type=sa.LargeBinary(length=16), nullable=False)

    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rotation", sa.Integer(), nullable=False, server_default="0"))


def _blind(connection: sa.Connection) -> None:
    renamed = sa.table("renamed", sa.column("id", sa.String), sa.column("blind", sa.LargeBinary))
    for (id,) in connection.execute(sa.select(renamed.c.id)).all():
        row = sa.update(renamed).where(renamed.c.id == id)
        connection.execute(row.values(blind=secrets.token_bytes(16)))


def downgrade() -> None:
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_column("rotation")

    with op.batch_alter_table("renamed", schema=None) as batch_op:
        batch_op.drop_column("blind")

    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_label_handle_rotation"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_label_handle"), ["handle"])
        batch_op.drop_column("rotation")

    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_column("rotation")
