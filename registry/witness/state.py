"""What a witness remembers: the last note that it cosigned of each log, and the evidence against a log that forked.

A SQLite file with one row for each log, written and on the disk before the cosignature leaves (C2SP tlog-witness).
Evidence is a text file beside it: two notes by one key, of one size and with different roots, convince anybody.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from registry.errors import Unavailable

PATIENCE = 10.0  # seconds that one request may wait for another


class State:
    """Safe for several threads and processes: whoever writes has the file to itself."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._open() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS cosigned (origin TEXT PRIMARY KEY, note TEXT NOT NULL)")

    def last(self, origin: str) -> str | None:
        """The last note that was cosigned, with the cosignature; None when there is none."""
        with self._open() as connection:
            return _last(connection, origin)

    def replace(self, origin: str, decide: Callable[[str | None], str]) -> str:
        """Keep what `decide` makes of the last note, and return it; nothing changes when it raises."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            note = decide(_last(connection, origin))
            connection.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?)", (origin, note))
            connection.execute("COMMIT")
            return note

    def accuse(self, *, before: str, after: str) -> Path:
        """Keep two notes that contradict each other; returns the file. The same two again change nothing."""
        text = f"{before}\n{after}"
        file = self._file.with_name(f"fork-{hashlib.sha256(text.encode()).hexdigest()[:16]}.txt")
        if not file.exists():
            file.write_text(text, encoding="utf-8")
        return file

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=FULL")
                yield connection
        except sqlite3.Error:
            raise Unavailable(f"{self._file} cannot be used as a witness's state", retry_after=60) from None


def _last(connection: sqlite3.Connection, origin: str) -> str | None:
    row = connection.execute("SELECT note FROM cosigned WHERE origin = ?", (origin,)).fetchone()
    return str(row[0]) if row else None
