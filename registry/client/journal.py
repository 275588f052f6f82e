"""A file of JSON records, one a line, that only grows and survives a kill at any byte.

A record counts when it is whole; a torn last one is cut off when the file is opened again. The file belongs to
one process at a time, by a lock that ends with the process (not on Windows, which has no such lock).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from registry.errors import Conflict, Invalid

if sys.platform != "win32":
    import fcntl

Record = Mapping[str, Any]

_CHUNK = 1 << 20


class Journal:
    """An open journal and its records."""

    def __init__(self, descriptor: int, records: list[Record]) -> None:
        self._descriptor = descriptor
        self.records = records

    @classmethod
    def open(cls, path: Path) -> Self:
        """The journal, made when missing, readable by its owner only.

        Raises Conflict when another process has it or a record but the last is not whole, Invalid when the file
        cannot be written; both with `field` "results".
        """
        descriptor = _open_locked(path)
        try:
            return cls(descriptor, _whole_records(descriptor))
        except BaseException:
            os.close(descriptor)
            raise

    def append(self, record: Record) -> None:
        """Durable when it returns. After a failure the journal is closed, so that nothing follows a torn line."""
        try:
            write(self._descriptor, json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        except OSError as failed:
            self.close()
            raise unwritable(failed) from None
        self.records.append(record)

    def close(self) -> None:
        """Let another process have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def write(descriptor: int, data: bytes) -> None:
    """All of `data`, on disk when it returns."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def unwritable(failed: OSError) -> Invalid:
    """An error about the place where the results go."""
    reason = failed.strerror or "the disk does not say why"
    return Invalid(f"The results cannot be written: {reason}.", field="results", code="results-unwritable")


def damaged() -> Conflict:
    """An error about a journal that was altered by something else."""
    return _conflict("damaged", "The journal of these results is damaged; give another file for the results.")


def _open_locked(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as failed:
        raise unwritable(failed) from None
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise _conflict("in-use", "Another run is at work on these results; wait until it ends.") from None
    return descriptor


def _whole_records(descriptor: int) -> list[Record]:
    """The records; what a kill left behind the last whole one is cut off."""
    data = _content(descriptor)
    records: list[Record] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        record = _parsed(line)
        if record is None:
            break
        records.append(record)
        whole += len(line)
    if b"\n" in data[whole:-1]:
        raise damaged()
    os.ftruncate(descriptor, whole)
    return records


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    chunks = []
    while chunk := os.read(descriptor, _CHUNK):
        chunks.append(chunk)
    return b"".join(chunks)


def _conflict(slug: str, message: str) -> Conflict:
    return Conflict(message, field="results", code=f"results-{slug}")
