"""What tells whom a check asked about, and what a rotation holds of them, is emptied. The caller records."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from registry.cases.models import Case
from registry.checks.models import Canary, Check
from registry.db import Session
from registry.keys.models import Moved, Renamed


def forget_checks(session: Session, checks: Collection[Check]) -> None:
    """Nobody can find out any more whom these checks asked about."""
    handles = {check.handle for check in checks if check.handle is not None}
    for check in checks:
        check.handle = check.blind = check.sealed_tag = None
    forget_moved(session, [f"check:{check.id}" for check in checks])
    forget_renamed(session, handles)


def forget_moved(session: Session, sources: Collection[str]) -> None:
    """Delete the tags of these rows under the next key. A proof over them that nobody verified is made again."""
    for row in session.scalars(sa.select(Moved).where(Moved.source.in_(sources))).all():
        session.delete(row)


def forget_renamed(session: Session, handles: Collection[bytes]) -> None:
    """Delete the next handles of those persons of whom no case, no check and no canary is left."""
    session.flush()
    known = Case.subject_handle, Check.handle, Canary.handle
    left = sa.or_(*(sa.exists().where(handle == Renamed.handle) for handle in known))
    for row in session.scalars(sa.select(Renamed).where(Renamed.handle.in_(handles), ~left)).all():
        session.delete(row)
