"""Alembic's way in. The connection comes from `registry.revisions`; there is no other, and no offline mode."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from registry.db import Utc
from registry.schema import Base


def render(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write types as the database knows them, so that an old migration does not change when the code does."""
    if kind == "type" and isinstance(thing, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.Enum):
        return f"sa.String(length={thing.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
