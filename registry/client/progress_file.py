"""How far a file of checks has come, so that an interruption at any point resumes without asking twice.

Beside the results `<results>` lies the journal `<results>.zilu-progress`, one JSON record a line:

    {"format": 1, "input": {"modified": …, "rows": …, "size": …}, "length": 27, "terms": {…}}
    {"length": 911, "noted": [4, 7]}
    {"asked": 0, "at": "2026-11-23T08:30:00Z", "key": "…", "rows": [2, 3, 5]}
    {"answered": 0, "length": 4711}
    {"done": true}

What is so after a crash, by the last record that is whole (a torn last line never happened):

    before "asked"      nothing was sent; the rows are still to be asked
    after "asked"       perhaps sent: the batch is sent again with its rows, in their order, under its key, which
                        the registry answers as a replay. Tags are the same each time; only the ticket is new
    after "answered"    `length` bytes of results are safe on disk; whatever lies behind them is cut off, because
    or "noted"          it belongs to a record that did not come about
    after "done"        the results are complete, each row once, in order

Nothing here leads back to a number: row numbers, random keys and lengths only. The journal knows its input by
size, time of change and count of rows, and never by a hash: whoever has all rows but one, or knows a birthday
and a region, could try the numbers that are left, and a key lying beside the hash would not hinder that.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from registry.clock import rfc3339
from registry.errors import Conflict, Invalid

from . import results_file
from .journal import Journal, Record, damaged
from .results_file import Result, Status

FORMAT = 1
SUFFIX = ".zilu-progress"


@dataclass(frozen=True, slots=True)
class Source:
    """By what a journal knows its staff file: bytes, nanoseconds since 1970, rows without the header."""

    size: int
    modified: int
    rows: int

    @classmethod
    def of(cls, path: Path, *, rows: int) -> Self:
        """The file as it is now. Raises Invalid with `field` "file" when it cannot be read."""
        try:
            status = path.stat()
        except OSError:
            raise Invalid("The file cannot be read any more; put it back.", field="file") from None
        return cls(status.st_size, status.st_mtime_ns, rows)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are asked about in one request, in this order, under this Idempotency-Key, first at `at`.

    The registry keeps a key for 24 hours; a batch that is older is a new question when it is sent again.
    """

    number: int
    key: str
    rows: tuple[int, ...]
    at: datetime


@dataclass(slots=True)
class _State:
    """What the records say, taken in one after the other."""

    header: dict[str, Any] = field(default_factory=dict)
    length: int = 0
    batches: int = 0
    unanswered: dict[int, Batch] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    noted: set[int] = field(default_factory=set)
    done: bool = False

    def take(self, record: Record) -> None:
        match record:
            case {"format": _}:
                self.header = {key: value for key, value in record.items() if key != "length"}
            case {"asked": number, "at": at, "key": key, "rows": rows}:
                self.unanswered[number] = Batch(number, key, tuple(rows), datetime.fromisoformat(at))
                self.asked.update(rows)
                self.batches += 1
            case {"answered": number}:
                del self.unanswered[number]
            case {"noted": rows}:
                self.noted.update(rows)
            case _:
                self.done = record["done"]
        self.length = record.get("length", self.length)


class Progress:
    """The results and the journal of one file of checks. What a method writes is on disk when it returns.

    A context manager. After a failed write it is closed, and opening it again resumes.
    """

    def __init__(self, results: Path, journal: Journal, state: _State) -> None:
        self._results = results
        self._journal = journal
        self._state = state

    @classmethod
    def open(cls, results: Path, *, source: Source, terms: Mapping[str, str]) -> Self:
        """Begin, or resume where the journal beside `results` ends.

        `terms` is what else must not change if a batch is to be sent again unaltered: the registry, the
        purpose, the consent, the column. It is written in clear. Raises Conflict when the journal belongs to
        another file or other terms, is damaged or in use, or when `results` holds something else; Invalid
        when nothing can be written there; all with `field` "results".
        """
        path = results.with_name(results.name + SUFFIX)
        if not path.exists():  # before the journal is made, or a refusal would leave it behind
            results_file.begin(results)
        journal = Journal.open(path)
        try:
            state = _resumed(results, journal, {"format": FORMAT, "input": asdict(source), "terms": dict(terms)})
        except BaseException:
            journal.close()
            raise
        return cls(results, journal, state)

    @property
    def done(self) -> bool:
        """Whether every row has its result; then nothing is left to do."""
        return self._state.done

    @property
    def unanswered(self) -> tuple[Batch, ...]:
        """The batches to be sent again, each as it is, before any new one."""
        return tuple(self._state.unanswered.values())

    def unasked(self, rows: Iterable[int]) -> list[int]:
        """Those of `rows` that stand in no batch and have no result."""
        return [row for row in rows if row not in self._state.asked and row not in self._state.noted]

    def note(self, results: Sequence[Result]) -> None:
        """Write down the rows about which nobody is asked: rejected and duplicate ones. Again is harmless."""
        fresh = [result for result in results if result.row not in self._state.noted]
        rows = [result.row for result in fresh]
        if len(self.unasked(set(rows))) != len(rows):
            raise Conflict("A row that is asked about, or stands here twice, cannot be noted.", field="results")
        if fresh:
            self._add(fresh, {"noted": rows})

    def ask(self, rows: Sequence[int], *, now: datetime) -> Batch:
        """A batch of these rows. Its key is on disk before this returns, and so before anything is sent."""
        if not rows or len(self.unasked(set(rows))) != len(rows):
            raise Conflict("A batch must hold rows that are not asked about yet.", field="rows")
        batch = Batch(self._state.batches, secrets.token_urlsafe(24), tuple(rows), now)
        self._record({"asked": batch.number, "at": rfc3339(now), "key": batch.key, "rows": list(rows)})
        return batch

    def answer(self, batch: Batch, results: Sequence[Result]) -> None:
        """Write down the answers to one batch: `checked` or `hit`, exactly one for each of its rows."""
        if batch.number not in self._state.unanswered:
            raise Conflict("This batch is answered already.", field="results")
        if not all(result.status in (Status.CHECKED, Status.HIT) for result in results) or sorted(
            result.row for result in results
        ) != sorted(batch.rows):
            raise Invalid("There must be exactly one answer for each row of the batch.", field="results")
        self._add(results, {"answered": batch.number})

    def finish(self) -> None:
        """Put the results in order. Raises Conflict unless every row of the source has exactly one."""
        if self.done:
            return
        settled = self._state.asked | self._state.noted
        if self.unanswered or len(settled) != self._state.header["input"]["rows"]:
            raise Conflict("Some rows have no result yet; run the same command again.", field="results")
        results_file.sort(self._results, settled)
        self._record({"done": True})

    def close(self) -> None:
        """Let another run have the journal."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, results: Sequence[Result], record: Record) -> None:
        """Results first, then the record that makes them count."""
        try:
            added = results_file.append(self._results, results)
        except Invalid:
            self.close()
            raise
        self._record({**record, "length": self._state.length + added})

    def _record(self, record: Record) -> None:
        self._journal.append(record)
        self._state.take(record)


def _resumed(results: Path, journal: Journal, header: Record) -> _State:
    if not journal.records:
        journal.append({**header, "length": results_file.begin(results)})
    state = _replayed(journal.records)
    _require_same(state.header, header)
    if not state.done:
        results_file.cut(results, state.length)
    return state


def _replayed(records: Iterable[Record]) -> _State:
    state = _State()
    try:
        for record in records:
            state.take(record)
    except (KeyError, TypeError, ValueError):
        raise damaged() from None
    return state


def _require_same(found: Record, expected: Record) -> None:
    if found != expected:
        part = "staff file" if found.get("input") != expected["input"] else "purpose, consent or registry"
        raise Conflict(
            f"These results were begun with another {part}; go back to it, or give another results file.",
            field="results",
            code="results-of-another-run",
        )
