"""One sequencer at a time: a lock file beside SQLite's, an advisory lock of a session on PostgreSQL.

A second sequencer waits, so that it can take over: the system drops the lock of a process that is gone. The lock keeps
work from being done twice; that there are never two checkpoints of one size does not hang on it (`sequencer`).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from registry.db import Store
from registry.errors import Unavailable

PAUSE = 0.5  # seconds between two tries
_LOCK = 0x7A696C75_00000001  # not the one that every transaction of the sequencer takes


@contextmanager
def alone(store: Store, stop: threading.Event, waiting: Callable[[], object]) -> Iterator[bool]:
    """Hold the lock; False when `stop` was set before it was free. `waiting` is called when it is another's."""
    with _lock(store) as take:
        held = take()
        if not held:
            waiting()
        while not held and not stop.wait(PAUSE):
            held = take()
        yield held


@contextmanager
def _lock(store: Store) -> Iterator[Callable[[], bool]]:
    url = store.engine.url
    if url.get_backend_name() == "postgresql":
        with store.engine.connect() as connection:
            yield partial(_take_on_server, connection)
            connection.invalidate()  # so that the pool does not keep the session, and the lock with it
    elif url.database in (None, "", ":memory:"):
        yield lambda: True
    else:
        with _opened(Path(f"{url.database}.lock")) as file:
            yield partial(_take_file, file)


def _take_on_server(connection: sa.Connection) -> bool:
    taken = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))))
    connection.commit()  # the lock is the session's; a transaction left open would hold up the server's cleaning
    return taken


def _take_file(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"{path} cannot be opened ({error.strerror})", retry_after=60) from None
    try:
        yield file
    finally:
        os.close(file)
