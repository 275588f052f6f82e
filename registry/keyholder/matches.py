"""Case matches that wait for their one answer. In memory only: after a restart the person starts again."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from registry.errors import NotFound, TooMany

LIFETIME = timedelta(minutes=10)
MOST_OPEN = 10_000


@dataclass(frozen=True, slots=True)
class _Open:
    secret: bytes = field(repr=False)
    until: datetime


class Matches:
    """Safe for many threads."""

    def __init__(self, most_open: int = MOST_OPEN) -> None:
        self._most_open = most_open
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def keep(self, secret: bytes, now: datetime) -> str:
        """The id under which the secret can be taken once within ten minutes; TooMany when all places are taken."""
        match_id = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_expired(now)
            if len(self._open) >= self._most_open:
                raise TooMany("Too many case matches are open; try again in a minute.", retry_after=60)
            self._open[match_id] = _Open(secret, now + LIFETIME)
        return match_id

    def take(self, match_id: str, now: datetime) -> bytes:
        """The secret, for the first and only time; NotFound when it was taken, has expired, or never was."""
        with self._lock:
            match = self._open.pop(match_id, None)
        if match is None or now >= match.until:
            raise NotFound("No case match with this id is open; begin a new one.", field="match_id")
        return match.secret

    def _drop_expired(self, now: datetime) -> None:
        # In order of their end, unless the clock was set back: then some stay a little longer, and take() refuses.
        while self._open and now >= next(iter(self._open.values())).until:
            del self._open[next(iter(self._open))]
