"""An existing list, as drafts of reports: what it says is taken over, what it lacks is left open to be written in.

The list is CSV with one case a row; its first row names the columns, in any order, of which `from` and `to` (when the
conduct began and ended) and `basis` must be there:

    offence basis records kind gain_cny from to found_on found_how measure breach_date breach_reference narrative
    reasons term_days exhibits (parted by semicolons) staff name address phone language, and reference and date of
    each of judgment, police and dismissal, as in dismissal_reference and dismissal_date

Other columns, numbers of documents above all, are not read. A term counts from the end of the conduct, so what has
passed of it is taken off. An open member is empty, and an empty one is refused when somebody signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from registry import policy
from registry.client import drafts, table
from registry.errors import Conflict, Invalid
from registry.reports.prose import verify_no_number

_REFERRED = ("judgment", "police", "dismissal")
_COLUMNS = frozenset(
    {
        *("offence", "basis", "records", "kind", "gain_cny", "from", "to", "found_on", "found_how", "measure"),
        *("breach_date", "breach_reference", "narrative", "reasons", "term_days", "exhibits"),
        *("staff", "name", "address", "phone", "language"),
        *(f"{part}_{what}" for part in _REFERRED for what in ("reference", "date")),
    }
)
_NEEDED = ("basis", "from", "to")
_LATE = "Taken over from the list that the member kept before it joined the registry."
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot become a draft; `number` counts from 1 and includes the first row."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """Drafts by row number."""

    drafts: Mapping[int, Mapping[str, Any]] = field(repr=False)
    refused: tuple[Refused, ...]


def read(path: Path, *, today: date) -> Imported:
    """The drafts in a list; Invalid when the file is no such list."""
    made: dict[int, Mapping[str, Any]] = {}
    refused: list[Refused] = []
    for record in _rows(path):
        try:
            made[record.number] = _draft(record.cells, path.name, record.number, today)
        except Invalid as reason:
            refused.append(Refused(record.number, reason.message))
    return Imported(made, tuple(refused))


def store(folder: Path, imported: Imported) -> None:
    """One file for each draft in a new folder; Conflict when there is one already, whose drafts may be worked on."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise Conflict(f"{folder} exists already; name a new folder with --into", field="into") from None
    except OSError as failed:
        raise Invalid(f"{folder} cannot be made ({failed.strerror})", field="into") from None
    for number, draft in imported.drafts.items():
        drafts.store(folder / f"row-{number:05}.json", draft)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]


def _rows(path: Path) -> Iterator[_Row]:
    records = table.records(path, table.encoding(path), ",")
    titles = [title.strip().lower() for title in next(iter(records), table.Record(1, [])).cells]
    missing = [name for name in _NEEDED if name not in titles]
    if missing or len(set(titles)) != len(titles):
        raise Invalid(f"the first row must name the columns, {', '.join(_NEEDED)} among them, each once", field="list")
    for record in islice(records, _MOST):
        if any(cell.strip() for cell in record.cells):
            pairs = zip(titles, record.cells, strict=False)
            yield _Row(record.number, {title: cell.strip() for title, cell in pairs if title in _COLUMNS})
    if next(records, None) is not None:
        raise Invalid(f"a list must have at most {_MOST} rows; split it", field="list")


def _draft(cells: Mapping[str, str], source: str, number: int, today: date) -> dict[str, Any]:
    for title, text in cells.items():
        verify_no_number(text, field=title)
    if cells.get("basis") not in policy.LISTABLE:
        raise Invalid("basis must be A, B or C: a suspicion is never listed", field="basis")
    ended = _date(cells, "to")
    breach = {"date": cells.get("breach_date", ""), "reference": cells.get("breach_reference", "")}
    return {
        "source": {"file": source, "row": number},
        **{name: cells.get(name, "") for name in ("offence", "staff", "basis", "measure", "narrative", "reasons")},
        "gravity": {
            "kind": cells.get("kind", ""),
            "records": _whole(cells, "records"),
            "gain_cny": _whole(cells, "gain_cny"),
        },
        "period": {"from": _date(cells, "from").isoformat(), "to": ended.isoformat()},
        "found": {"on": cells.get("found_on", ""), "how": cells.get("found_how", "")},
        "breach_notice": breach,
        "facts": [{"text": "", "exhibits": []}],
        "proof": _proof(cells),
        "exhibits": _parted(cells.get("exhibits", "")),
        "term_days": _left(cells, (today - ended).days),
        "late_reason": _LATE,
        "contact": _contact(cells),
    }


def _proof(cells: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What the list refers to, and what the standard demands beyond it, left open."""
    wanted = policy.PROOF_FOR[policy.Basis(cells["basis"])]
    referred = {part: _referred(cells, part) for part in _REFERRED if part in wanted or cells.get(f"{part}_reference")}
    return referred | {part.value: {"exhibit": "", "date": ""} for part in sorted(wanted) if part not in _REFERRED}


def _referred(cells: Mapping[str, str], part: str) -> dict[str, str]:
    return {what: cells.get(f"{part}_{what}", "") for what in ("reference", "date")}


def _left(cells: Mapping[str, str], passed: int) -> int:
    """What is left of the term; 0, which nobody can sign, when the list does not say."""
    term = _whole(cells, "term_days")
    if term and term <= passed:
        raise Invalid("term_days are over: a term counts from the end of the conduct", field="term_days")
    return max(term - passed, 0)


def _contact(cells: Mapping[str, str]) -> dict[str, str]:
    phone = {"phone": cells["phone"]} if cells.get("phone") else {}
    language = cells.get("language") or "zh"
    return {"name": cells.get("name", ""), "address": cells.get("address", ""), "language": language, **phone}


def _parted(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _whole(cells: Mapping[str, str], title: str) -> int:
    text = cells.get(title, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 13):
        raise Invalid(f"{title} must be a whole number, without separators", field=title)
    return int(text)


def _date(cells: Mapping[str, str], title: str) -> date:
    try:
        return date.fromisoformat(cells.get(title, ""))
    except ValueError:
        raise Invalid(f"{title} must be a date such as 2026-11-23", field=title) from None
