"""The compare-and-set: one statement that changes a row if it still is what the caller saw, attested as it then is.

The row is read again afterwards, because the act attests what the database holds. A trigger that changes more than we
asked for would so be attested by our own act; therefore what was changed is compared with what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from registry.db import Base, Session
from registry.log.actions import touch


class ForeignWrite(RuntimeError):
    """Something else than our statement changed the row within our transaction, as a trigger does."""


Values = Mapping[str, Any]


def swap(
    session: Session, row: Base, *still: sa.ColumnElement[bool], values: Values | Callable[[Values], Values]
) -> bool:
    """Set `values` if `still` holds, and tell the log; False when it does not, and nothing is changed.

    What is counted up or down is given as a function of what the database holds, by attribute.

    Raises ForeignWrite when the row then differs from before in anything but `values`.
    """
    session.flush()
    before = _stored(session, row)
    if not before:
        return False
    values = values(before) if callable(values) else values
    changed = session.execute(
        sa.update(type(row)).where(_is(row), *still).values(**values).execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    session.refresh(row)
    expected = {**before, **values}
    if wrong := sorted(key for key, value in expected.items() if getattr(row, key) != value):
        raise ForeignWrite(f"{row.__tablename__}.{wrong[0]} is not what was written; run zilu audit")
    touch(session, row)
    return True


def _stored(session: Session, row: Base) -> dict[str, Any]:
    """What the database holds, by attribute; locked on PostgreSQL, so that only our statement may change it."""
    keys = [attribute.key for attribute in sa.inspect(row).mapper.column_attrs]
    columns = [getattr(type(row), key) for key in keys]
    found = session.execute(sa.select(*columns).where(_is(row)).with_for_update()).first()
    return dict(zip(keys, found, strict=True)) if found else {}


def _is(row: Base) -> sa.ColumnElement[bool]:
    mapper = sa.inspect(row).mapper
    return sa.and_(
        *(
            column == value
            for column, value in zip(mapper.primary_key, mapper.primary_key_from_instance(row), strict=True)
        )
    )
