from __future__ import annotations

from datetime import UTC, date, datetime, time

from flask import Blueprint

from registry.errors import Invalid

bp = Blueprint("clerk", __name__)


def ended(day: date | None, *, now: datetime) -> datetime:
    """The end of the day, or the present moment while it lasts: what is in doubt lengthens the person's time."""
    if day is None:
        raise Invalid("on must be a day", field="on")
    return now if day == now.astimezone(UTC).date() else datetime.combine(day, time.max, UTC)
