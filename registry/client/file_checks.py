"""Check a whole staff file: in batches, two at a time, so that it can stop anywhere and go on without asking twice.

What is so when it stops:
    before the journal says "asked"     the batch was evaluated at most, which asks nothing of the register
    after it                            the batch is sent again under its key; the registry answers as it did
    after "answered"                    results and receipt are on disk
"""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from registry import policy
from registry.errors import Conflict
from registry.identity import document
from registry.identity.document import Document

from . import receipts, staff
from .api import Registry
from .checking import Checked, Terms, ask, tags_of
from .progress_file import Batch, Progress, Source
from .results_file import Result, Status

WORKERS = 2  # one works while the registry answers the other
KEY_LIFE = policy.IDEMPOTENCY_LIFE - policy.DAY / 24  # after that the registry may have forgotten a key


@dataclass(frozen=True, slots=True)
class Summary:
    """How many rows became what; `hits` are the row numbers with their check ids."""

    counts: Mapping[Status, int]
    hits: tuple[tuple[int, str], ...]


def check_file(
    registry: Registry,
    path: Path,
    *,
    results: Path,
    receipts_folder: Path,
    terms: Terms,
    column: str | None = None,
    type: str = document.RESIDENT,
    ask_again: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Ask about everybody in a staff file, or go on where an earlier run stopped.

    `on_progress` hears how many rows are done, of how many. `ask_again` allows to repeat a batch that may have been
    answered more than a day ago, which the registry would count as a new check. Raises as `staff.read`,
    `Progress.open` and `checking.check`; whatever it raises, the next run goes on from there.
    """
    rows = list(staff.read(path, column=column, type=type, today=registry.clock().date()))
    people = {row.number: row.document for row in rows if row.document is not None and row.duplicate_of is None}
    run = {
        "account": registry.profile.account,
        "column": column or "",
        "registry": registry.profile.issuer,
        "type": type,
    }
    stated = {f"consent.{name}": value for name, value in terms.consent.items()} | {"purpose": terms.purpose}
    with Progress.open(results, source=Source.of(path, rows=len(rows)), terms=run | stated) as progress:
        if not progress.done:
            asking = _Asking(registry, progress, people, terms, receipts_folder)
            asking.require_fresh(ask_again=ask_again)
            progress.note([result for row in rows if (result := _noted(row)) is not None])
            asking.run(on_progress, total=len(rows))
            progress.finish()
    return summary(results)


def summary(results: Path) -> Summary:
    """What stands in a file of results."""
    counts, hits = dict.fromkeys(Status, 0), []
    with results.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            status = Status(line["status"])
            counts[status] += 1
            if status is Status.HIT:
                hits.append((int(line["row"]), line["check_id"]))
    return Summary(counts, tuple(hits))


@dataclass(slots=True)
class _Asking:
    """One run. The journal is written by one thread at a time."""

    registry: Registry
    progress: Progress
    people: Mapping[int, Document] = field(repr=False)
    terms: Terms
    folder: Path
    writing: threading.Lock = field(default_factory=threading.Lock)

    def require_fresh(self, *, ask_again: bool) -> None:
        old = [batch for batch in self.progress.unanswered if self.registry.clock() - batch.at > KEY_LIFE]
        if old and not ask_again:
            raise Conflict(
                f"{sum(len(batch.rows) for batch in old)} rows were sent more than a day ago and their answer was not "
                "received; allow to ask again, and they may be counted as checked twice",
                field="results",
                code="batch-too-old",
            )

    def run(self, on_progress: Callable[[int, int], None], *, total: int) -> None:
        again = self.progress.unanswered
        fresh = self.progress.unasked(self.people)
        done = total - len(fresh) - sum(len(batch.rows) for batch in again)
        with ThreadPoolExecutor(WORKERS) as pool:
            jobs = [pool.submit(self._again, batch) for batch in again]
            jobs += [pool.submit(self._first, rows) for rows in _chunks(fresh, self.registry.pins.batch)]
            try:
                for job in as_completed(jobs):
                    done += job.result()
                    on_progress(done, total)
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is under way is finished and written down
                raise

    def _first(self, rows: Sequence[int]) -> int:
        tags, ticket = self._tags(rows)
        with self.writing:
            batch = self.progress.ask(rows, now=self.registry.clock())
        return self._ask(batch, tags, ticket)

    def _again(self, batch: Batch) -> int:
        return self._ask(batch, *self._tags(batch.rows))

    def _tags(self, rows: Sequence[int]) -> tuple[list[bytes], str]:
        return tags_of(self.registry, [self.people[row] for row in rows])

    def _ask(self, batch: Batch, tags: Sequence[bytes], ticket: str) -> int:
        checked = ask(self.registry, tags, ticket=ticket, terms=self.terms, key=batch.key)
        with self.writing:
            receipts.save(self.folder, checked.batch, checked.receipt)
            self.progress.answer(batch, _results(batch, checked))
        return len(batch.rows)


def _results(batch: Batch, checked: Checked) -> list[Result]:
    pairs = zip(batch.rows, checked.answers, strict=True)
    return [Result(row, Status.HIT if said.is_hit else Status.CHECKED, said.check) for row, said in pairs]


def _noted(row: staff.Row) -> Result | None:
    if row.problem is not None:
        return Result(row.number, Status.REJECTED, reason=f"{row.problem.code}: {row.problem.sentence}")
    if row.duplicate_of is not None:
        return Result(row.number, Status.DUPLICATE, reason=f"same as row {row.duplicate_of}")
    return None


def _chunks(rows: Iterable[int], size: int) -> Iterator[list[int]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk
