"""Rows: every row of every logged table is what the last act that names it attests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from registry.audit import stored
from registry.audit.acts import Attested, Ledger
from registry.audit.differences import Difference, Kind, Progress
from registry.audit.stored import Stored, View


def compare(
    view: View, ledger: Ledger, *, progress: Progress, see: Callable[[Stored, bool], None]
) -> Iterator[Difference]:
    """Name rows that are missing, altered or extra; `see` is shown every row, and whether it is as attested."""
    seen = set()
    for kind in stored.tables().values():
        if not kind.logged:
            continue
        for row in view.read(kind):
            progress.advance(1)
            seen.add((row.table, row.pk))
            difference = _compare(row, ledger)
            see(row, difference is None)
            if difference is not None:
                yield difference
    for (table, pk), attested in ledger.rows.items():
        if attested.digest is not None and (table, pk) not in seen:
            yield Difference(Kind.MISSING, f"{table}:{pk}", f"{_by(ledger, attested)} attests it, and it is not there")


def _compare(row: Stored, ledger: Ledger) -> Difference | None:
    attested = ledger.rows.get((row.table, row.pk))
    if attested is None or attested.digest is None:
        return None if _is_unjudged(row, ledger) else Difference(Kind.EXTRA, row.name, _extra(attested, ledger))
    if row.unreadable:
        return Difference(Kind.ALTERED, row.name, f"its {', '.join(row.unreadable)} cannot be read")
    if row.digest() != attested.digest:
        return Difference(Kind.ALTERED, row.name, f"it is not what {_by(ledger, attested)} attests{_doubt(ledger)}")
    return None


def _is_unjudged(row: Stored, ledger: Ledger) -> bool:
    """Whether it belongs to a case that cannot be opened: the difference names the case and not all it has."""
    case_id = row.pk if row.table == "case" else row.values.get("case_id")
    return case_id in ledger.unexplained()


def _extra(attested: Attested | None, ledger: Ledger) -> str:
    if attested is not None:
        return f"{_by(ledger, attested)} attests that it was deleted"
    return f"no act attests it{_doubt(ledger)}"


def _by(ledger: Ledger, attested: Attested) -> str:
    return ledger.numbers[attested.last][0]


def _doubt(ledger: Ledger) -> str:
    closed = ledger.unopened + sum(len(acts) for acts in ledger.unexplained().values())
    return f", of those that open; {closed} do not" if closed else ""
