"""Rows: every row of every logged table is what the last act that names it attests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from registry.audit import stored
from registry.audit.acts import Attested, Ledger
from registry.audit.differences import Difference, Kind, Progress
from registry.audit.stored import Stored
from registry.db import Session


def compare(
    session: Session, ledger: Ledger, *, progress: Progress, see: Callable[[Stored], None]
) -> Iterator[Difference]:
    """Name rows that are missing, altered or extra; `see` is shown every row that can be read."""
    seen = set()
    for kind in stored.tables().values():
        if not kind.logged:
            continue
        for row in stored.read(session, kind):
            progress.advance(1)
            seen.add((row.table, row.pk))
            yield from _compare(row, ledger)
            if not row.unreadable:
                see(row)
    for (table, pk), attested in ledger.rows.items():
        if attested.digest is not None and (table, pk) not in seen:
            yield Difference(Kind.MISSING, f"{table}:{pk}", f"{_by(ledger, attested)} attests it, and it is not there")


def _compare(row: Stored, ledger: Ledger) -> Iterator[Difference]:
    attested = ledger.rows.get((row.table, row.pk))
    if attested is None or attested.digest is None:
        if not _is_unjudged(row, ledger):
            yield Difference(Kind.EXTRA, row.name, _extra(attested, ledger))
    elif row.unreadable:
        yield Difference(Kind.ALTERED, row.name, f"its {', '.join(row.unreadable)} cannot be read")
    elif row.digest() != attested.digest:
        yield Difference(Kind.ALTERED, row.name, f"it is not what {_by(ledger, attested)} attests{_doubt(ledger)}")


def _is_unjudged(row: Stored, ledger: Ledger) -> bool:
    """Whether it belongs to a case that cannot be opened: the difference names the case and not all it has."""
    case_id = row.pk if row.table == "case" else row.values.get("case_id")
    return case_id in ledger.keyless


def _extra(attested: Attested | None, ledger: Ledger) -> str:
    if attested is not None:
        return f"{_by(ledger, attested)} attests that it was deleted"
    return f"no act attests it{_doubt(ledger)}"


def _by(ledger: Ledger, attested: Attested) -> str:
    return ledger.numbers[attested.last][0]


def _doubt(ledger: Ledger) -> str:
    return f", of those that open; {ledger.unopened} do not" if ledger.unopened else ""
