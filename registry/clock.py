"""The one place where time is read. Everything else takes `now` as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

Clock = Callable[[], datetime]


def system() -> datetime:
    """The real time, UTC."""
    return datetime.now(UTC)


def from_file(path: Path) -> Clock:
    """A clock that stands where the file says (RFC 3339), for telling a story in the past.

    While the file is missing or empty it is the real time, so that removing the file lets real time begin.
    """

    def now() -> datetime:
        try:
            text = path.read_text().strip()
        except FileNotFoundError:
            text = ""
        return datetime.fromisoformat(text) if text else system()

    return now


def rfc3339(at: datetime) -> str:
    """`2026-11-23T08:30:00Z`; fractions of a second are kept when there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
