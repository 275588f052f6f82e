"""The last published checkpoint, kept outside the database, so that a database that was set back is found.

Whoever can write the database can put it back to an earlier state of itself, in which everything fits. So the worker
keeps the last note that it published in a file beside SQLite's: `registry.db.head`. It does not help against somebody
who also puts that file back, or deletes it; witnesses do, whom the worker asks when it starts, and members who keep
checkpoints (`zilu audit URL --state`). A file that is not there is no error: the worker writes it anew. PostgreSQL has
no such file; there, and for another disk or machine, witnesses do the same, and `zilu audit --state FILE` keeps one.

After an older backup was restored on purpose the worker refuses to start until the file is moved away: what was
published since then, others have seen, and have to be told.
"""

from __future__ import annotations

import os
from pathlib import Path

from registry.db import Session, Store
from registry.errors import Conflict, Invalid, Unavailable
from registry.log import tiles, tree
from registry.log.checkpoint import Checkpoint, VerifierKey, open_checkpoint
from registry.log.sequencer import latest, reader


def beside(store: Store) -> Path | None:
    """`<database file>.head`; None where the database is no file."""
    url = store.engine.url
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(f"{url.database}.head")


def read(file: Path) -> str | None:
    """The note; None when there is none. To be read before the database, which then is never behind it by itself."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{file} cannot be read ({error.strerror})", retry_after=60) from None


def write(file: Path, note: str) -> None:
    """Whole or not at all, and on the disk; Unavailable when it cannot be."""
    new = file.with_name(file.name + ".new")
    try:
        with new.open("w", encoding="utf-8") as stream:
            stream.write(note)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written ({error.strerror})", retry_after=60) from None


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def opened(note: str, *, log: VerifierKey) -> Checkpoint:
    """What the note signs; Invalid when it is no checkpoint by this key."""
    try:
        return open_checkpoint(note, log=log, origin=log.name).checkpoint
    except Invalid:
        raise Invalid("what was kept from the last time is not a checkpoint by this key", field="state") from None


def verify(store: Store, *, log: VerifierKey) -> None:
    """Raise Conflict when the database stands behind the checkpoint that was kept, or beside it."""
    file = beside(store)
    note = read(file) if file else None
    if note is None:
        return
    with store.read() as session:
        head = latest(session)
        if head is not None and head.note == note:
            return
        if not _grew(session, note, size=head.size if head else 0, log=log):
            raise Conflict(
                "the database stands behind the last published checkpoint, or beside it; run zilu audit. If an older "
                f"backup was restored on purpose, move {file} away and tell those who read the log"
            )


def has(store: Store, note: str, *, log: VerifierKey) -> bool:
    """Whether the log begins with the tree that the note, signed by its key, speaks of."""
    with store.read() as session:
        head = latest(session)
        return _grew(session, note, size=head.size if head else 0, log=log)


def _grew(session: Session, note: str, *, size: int, log: VerifierKey) -> bool:
    """Whether the log, of `size` leaves now, begins with the tree that the note signs."""
    try:
        before = opened(note, log=log)
        return before.size <= size and tree.root_at(before.size, tiles.hashes(reader(session))) == before.root
    except Invalid:  # no checkpoint, or a tile is missing or cut short
        return False


def keep(store: Store) -> None:
    """Keep the database's last checkpoint; after `verify`."""
    file = beside(store)
    if file is None:
        return
    with store.read() as session:
        head = latest(session)
    if head is not None and read(file) != head.note:
        write(file, head.note)
