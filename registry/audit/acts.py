"""Acts: each must open, be what its leaf commits to, and stand where time allows. What they attest is gathered.

For every act, in the order of positions and the pending ones last:

1. every column can be read, and what is sealed opens under the key of its case or of the vault
2. the commitment is the one to the opened record, and the leaf carries it, with the act's type and public key
3. the record names this act, its time, its case and its public key; the row list is the one that it names
4. the leaf is not older than the act; and no leaf was stamped between the act and its own more than 60 s after the
   act: the sequencer was at work then, and did not find it
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import rfc8785

from registry import base64url
from registry.audit.differences import Difference, Kind, Progress
from registry.audit.history import Placed
from registry.audit.keys import Keys, Lost
from registry.audit.stored import Stored
from registry.clock import rfc3339
from registry.errors import Invalid
from registry.log import leaf, tree
from registry.log.leaf import Leaf
from registry.log.models import LeafType
from registry.policy import SEQUENCING_LIMIT

SEALED = ("salt", "record", "rows")
_PLAIN_LEAF = re.compile(rb'\{"c":"([A-Za-z0-9_-]{43})","t":(0|[1-9][0-9]{0,11}),"type":"act","v":1\}')


class Attested(NamedTuple):
    """A row's last digest, None once it is deleted; the places of the acts that attested it first and last."""

    digest: str | None
    first: int
    last: int


@dataclass(slots=True)
class Ledger:
    """What the acts say, and what is wrong with them. An act's place is its number in the order of replay."""

    differences: list[Difference] = field(default_factory=list)
    rows: dict[tuple[str, str], Attested] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)  # of acts, by uid
    leaves: dict[int, Placed] = field(default_factory=dict)  # by position
    stamps: list[float] = field(default_factory=list)  # times of leaves, ascending
    numbers: list[tuple[str, int, int]] = field(default_factory=list)  # name, id and position, in order
    keyless: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)  # acts by case without a key
    erased: dict[str, set[int]] = field(default_factory=dict)  # by case, the positions that its erasure lists
    erasures: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)  # name and facts of each erasure's act
    unopened: int = 0  # acts that do not open although there is a key
    pending: list[datetime] = field(default_factory=list)  # when each happened

    @property
    def count(self) -> int:
        return len(self.numbers)

    def unexplained(self) -> dict[str, list[str]]:
        """By case, the names of acts without a key that no erasure of that case lists."""
        found = {
            case_id: [name for name, position in acts if position not in self.erased.get(case_id, ())]
            for case_id, acts in self.keyless.items()
        }
        return {case_id: names for case_id, names in found.items() if names}


@dataclass(frozen=True, slots=True)
class _Opened:
    """The three sealed columns; None for what does not open."""

    salt: bytes | None
    record: bytes | None
    rows: bytes | None


def replay(acts: Iterable[Stored], *, keys: Keys, progress: Progress) -> Ledger:
    """Go through all acts; they come by position, and those without one last."""
    ledger = Ledger()
    for act in acts:
        _replay(ledger, act, keys)
        progress.advance(1)
    ledger.differences += _keyless(ledger, keys)
    return ledger


def _replay(ledger: Ledger, act: Stored, keys: Keys) -> None:
    values, place, uid = act.values, ledger.count, str(act.values.get("uid", ""))
    position, case_id, entry = values.get("position"), values.get("case_id"), values.get("entry")
    ledger.numbers.append((act.name, values.get("id", -1), -1 if position is None else position))
    ledger.places.setdefault(uid, place)
    found = _leaf(entry or b"")
    if position is not None:
        ledger.leaves[position] = Placed(act.name, tree.leaf_hash(entry or b""))
    elif "at" in values:
        ledger.pending.append(values["at"])
    opened = _Opened(*(keys.open(act, column, case_id=case_id, place=uid) for column in SEALED))
    problems = list(_unreadable(act))
    if _is_keyless(act, opened, keys, uid):  # what nobody can open is judged by its case
        ledger.keyless.setdefault(str(case_id), []).append((act.name, position))
    else:
        problems += _problems(act, opened, found)
        _gather(ledger, act, opened, place)
    if position is not None and found is not None:
        problems += _time_problems(ledger, act, found.at.timestamp())
    if problems:
        ledger.differences.append(Difference(Kind.ALTERED, act.name, "; ".join(problems)))


def _leaf(entry: bytes) -> Leaf | None:
    """The leaf of an entry, None when it is none. Nearly all are of one shape, which needs no JSON parser."""
    if match := _PLAIN_LEAF.fullmatch(entry):
        with suppress(Invalid):
            commitment = base64url.decode(match[1].decode(), field="c", size=32)
            return Leaf(commitment, datetime.fromtimestamp(int(match[2]), UTC), LeafType.ACT.value)
    try:
        return leaf.parse(entry)
    except Invalid:
        return None


def _is_keyless(act: Stored, opened: _Opened, keys: Keys, uid: str) -> bool:
    lost = keys.lost(act.values.get("case_id"))
    if opened != _Opened(None, None, None) or lost is None:
        return False
    return lost is Lost.DESTROYED or not keys.opens_elsewhere(act, SEALED, place=uid)


def _unreadable(act: Stored) -> Iterator[str]:
    yield from (f"its {column} cannot be read" for column in act.unreadable)


def _problems(act: Stored, opened: _Opened, found: Leaf | None) -> Iterator[str]:
    for column in SEALED:  # 1
        if column not in act.unreadable and getattr(opened, column) is None:
            yield f"its {column} does not open"
    values = act.values
    kind = values.get("type", LeafType.ACT)
    if opened.salt is not None and opened.record is not None and not _commits(values, kind, opened):  # 2
        yield "its commitment is not the one to its record"
    if values.get("entry") is not None:
        yield from _leaf_problems(values, kind, found)
    if opened.record is not None:  # 3
        yield from _record_problems(values, json.loads(opened.record), opened.rows)


def _commits(values: Mapping[str, Any], kind: LeafType, opened: _Opened) -> bool:
    try:
        return leaf.commit(opened.salt or b"", kind.value, opened.record or b"") == values.get("commitment")
    except Invalid:
        return False


def _leaf_problems(values: Mapping[str, Any], kind: LeafType, found: Leaf | None) -> Iterator[str]:
    if found is None:
        yield "its entry is no leaf"
        return
    if found.commitment != values.get("commitment"):
        yield "its leaf carries another commitment"
    if found.type != kind.value or _jcs(found.key) != values.get("clear"):
        yield "its leaf shows another type or public key"


def _record_problems(values: Mapping[str, Any], record: Mapping[str, Any], rows: bytes | None) -> Iterator[str]:
    at = values.get("at")
    columns = {
        "act": values.get("uid"),
        "at": rfc3339(at) if at else None,
        "case": values.get("case_id"),
    }
    for name, value in columns.items():
        if record.get(name) != value:
            yield f"its record names another {name}"
    if _jcs(record.get("clear")) != values.get("clear"):
        yield "its record names another public key"
    if rows is not None and record.get("rows") != base64url.encode(hashlib.sha256(rows).digest()):
        yield "its row list is not the one that its record names"


def _jcs(value: Any) -> str | None:
    return None if value is None else rfc8785.dumps(value).decode()


def _gather(ledger: Ledger, act: Stored, opened: _Opened, place: int) -> None:
    """What is sealed was written with the key, so a row list counts even when something else of its act is wrong."""
    ledger.unopened += opened.rows is None
    for table, pk, digest in json.loads(opened.rows or b"[]"):
        before = ledger.rows.get((table, pk))
        ledger.rows[table, pk] = Attested(digest, before.first if before else place, place)
    if act.values.get("type") is LeafType.ERASURE and opened.record is not None:
        facts = json.loads(opened.record)["facts"]
        ledger.erasures.append((act.name, facts))
        ledger.erased.setdefault(str(facts.get("case")), set()).update(facts.get("positions", ()))


def _time_problems(ledger: Ledger, act: Stored, stamped: float) -> Iterator[str]:
    """4"""
    if ledger.stamps and stamped < ledger.stamps[-1]:
        yield "its leaf is older than the leaf before it"
        return
    at = act.values.get("at")
    if at is not None and stamped < int(at.timestamp()):
        yield "its leaf is older than itself"
    if at is not None and _was_missed(ledger.stamps, at, stamped):
        why = f"it says {rfc3339(at)}, and other leaves were stamped more than 60 s after that and before it"
        ledger.differences.append(Difference(Kind.BACK_DATED, act.name, why))
    ledger.stamps.append(stamped)


def _was_missed(stamps: Sequence[float], at: datetime, stamped: float) -> bool:
    """Whether the sequencer stamped other leaves when this act, had it happened by then, was overdue."""
    after = bisect_right(stamps, (at + SEQUENCING_LIMIT).timestamp())
    return after < len(stamps) and stamps[after] < stamped


def _keyless(ledger: Ledger, keys: Keys) -> Iterator[Difference]:
    """Cases whose key is gone although no erasure says so."""
    for case_id, acts in sorted(ledger.keyless.items()):
        lost = keys.lost(case_id)
        if lost is Lost.DESTROYED:
            yield from _unlisted(case_id, ledger.unexplained().get(case_id, []))
        else:
            kind = Kind.MISSING if lost is Lost.NO_ROW else Kind.ALTERED
            why = f"{lost}, so that {len(acts)} acts of it, and the rows they attest, cannot be checked"
            yield Difference(kind, f"case:{case_id}", why)


def _unlisted(case_id: str, acts: Sequence[str]) -> Iterator[Difference]:
    for name in acts:
        why = f"it does not open: the key of case:{case_id} was destroyed, and no erasure lists this position"
        yield Difference(Kind.ALTERED, name, why)
    if acts:
        yield Difference(Kind.ALTERED, f"case:{case_id}", "its key was destroyed, and no erasure says so")
