"""What the key holder remembers on disk: how much was spent today, and the one draw of each case.

Its own SQLite file (WAL, synchronous=FULL, mode 0600). Every write is one transaction that is on disk before the
holder hands anything out: after a crash an element may have been counted and not handed out, never the reverse.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from registry.errors import Conflict, Invalid, TooMany, Unavailable
from registry.identity.draw import Drawn

DAYS_KEPT = 35
"""Spent days are dropped after this; until then a clock that is set back does not open them again."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (
    day TEXT NOT NULL, budget TEXT NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (day, budget)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS drawn (
    case_number TEXT PRIMARY KEY, message BLOB NOT NULL, v BLOB NOT NULL, proof BLOB NOT NULL
) WITHOUT ROWID;
"""


class Counters:
    """Safe for many threads, and for a second process on the same file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = _open(path)

    def close(self) -> None:
        """Close the file; a request that is still under way gets Unavailable."""
        with self._lock:
            self._database.close()

    def require(self, budgets: Mapping[str, int], *, units: int, now: datetime) -> None:
        """TooMany when the units would not fit now; nothing is taken."""
        day = str(now.astimezone(UTC).date())
        with self._transaction() as database:
            _require(database, day, budgets, units, now)

    def spend(self, budgets: Mapping[str, int], *, units: int, now: datetime) -> None:
        """Take the units from every budget of this UTC day, or from none.

        `budgets` maps names to ceilings. TooMany, with the seconds until the next day, when one does not suffice.
        """
        day = now.astimezone(UTC).date()
        with self._transaction() as database:
            _require(database, str(day), budgets, units, now)
            rows = [(str(day), budget, units) for budget in budgets]
            database.executemany(
                "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET units = units + excluded.units",
                rows,
            )
            database.execute("DELETE FROM spent WHERE day < ?", (str(day - timedelta(days=DAYS_KEPT)),))

    def draw_once(self, case: str, message: bytes, sign: Callable[[bytes], Drawn]) -> Drawn:
        """What `sign` gave for this message of the case, now or before; Conflict when it was another message."""
        with self._transaction() as database:
            query = "SELECT message, v, proof FROM drawn WHERE case_number = ?"
            row = database.execute(query, (case,)).fetchone()
            if row is None:
                drawn = sign(message)
                database.execute("INSERT INTO drawn VALUES (?, ?, ?, ?)", (case, message, *drawn))
                return drawn
        if row[0] != message:
            raise Conflict("The panel of this case has been drawn already, from another message.", field="case")
        return Drawn(row[1], row[2])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._database.execute("BEGIN IMMEDIATE")
                with self._database:  # commits, or rolls back when the body raises
                    yield self._database
        except sqlite3.Error:
            raise Unavailable("The key holder cannot write its counters.", retry_after=5) from None


def _open(path: Path) -> sqlite3.Connection:
    database = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
    except (OSError, sqlite3.Error):
        if database is not None:
            database.close()
        raise Invalid("The counters must be a SQLite file that the key holder can write.", field="counters") from None
    return database


def _require(database: sqlite3.Connection, day: str, budgets: Mapping[str, int], units: int, now: datetime) -> None:
    for budget, ceiling in budgets.items():
        if _spent(database, day, budget) + units > ceiling:
            raise _used_up(now)


def _spent(database: sqlite3.Connection, day: str, budget: str) -> int:
    query = "SELECT units FROM spent WHERE day = ? AND budget = ?"
    row = database.execute(query, (day, budget)).fetchone()
    return int(row[0]) if row else 0


def _used_up(now: datetime) -> TooMany:
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return TooMany(
        "The elements do not fit what is left of today's ceiling; send fewer, or wait for the next day (UTC).",
        retry_after=max(1, -int((now - tomorrow) // timedelta(seconds=1))),
    )
