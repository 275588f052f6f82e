"""Read an export: every leaf is under the checkpoint, every opening is its leaf's, and what is closed was erased."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import rfc8785

from registry import base64url
from registry.errors import Invalid
from registry.log import leaf, tree
from registry.log.checkpoint import Checkpoint, VerifierKey, open_checkpoint, parse_note, parse_text


class Row(NamedTuple):
    """What an act told of one row."""

    table: str
    pk: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One opened leaf."""

    position: int
    at: datetime
    verb: str
    actor: str
    case: str | None
    facts: Mapping[str, Any] = field(repr=False)
    told: tuple[Row, ...] = field(repr=False)

    def of(self, table: str) -> Iterator[Row]:
        return (row for row in self.told if row.table == table)


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """What is wrong, at which position of the log; one sentence."""

    position: int
    why: str

    def __str__(self) -> str:
        return f"position {self.position}: {self.why}"


@dataclass(slots=True)
class Export:
    """An export that is being read. `breaches` are complete once `acts` has come to its end."""

    lines: Iterable[str]
    log: VerifierKey | None = None
    breaches: list[Breach] = field(default_factory=list)
    size: int = 0
    _closed: set[int] = field(default_factory=set)  # positions that do not open
    _erased: set[int] = field(default_factory=set)

    def acts(self) -> Iterator[Act]:
        """Every opened act in the order of positions. Invalid when the file is no export, or its head is not signed."""
        lines = iter(self.lines)
        head = self._head(next(lines, ""))
        peaks: tree.Peaks = []
        stamped = 0
        for line in lines:
            found = _object(line)
            entry = rfc8785.dumps(found.get("leaf"))
            stamped = self._stamp(entry, stamped)
            tree.push(peaks, tree.leaf_hash(entry))
            if (act := self._act(found, entry)) is not None:
                yield act
            self.size += 1
        if (self.size, tree.fold(peaks)) != (head.size, head.root):
            self._breach(f"the leaves do not give the root of {head.size} leaves that the checkpoint signs")
        for position in sorted(self._closed - self._erased):
            self.breaches.append(Breach(position, "it does not open, and no erasure lists it"))

    def _head(self, line: str) -> Checkpoint:
        note = _object(line).get("checkpoint")
        if not isinstance(note, str):
            raise Invalid("the first line must hold the log's checkpoint; export it again", field="file")
        if self.log is not None:
            return open_checkpoint(note, log=self.log, origin=self.log.name).checkpoint
        return parse_text(parse_note(note).text)

    def _stamp(self, entry: bytes, before: int) -> int:
        stamped = int(leaf.parse(entry).at.timestamp())
        if stamped < before:
            self._breach("its leaf is older than the leaf before it")
        return max(stamped, before)

    def _act(self, found: Mapping[str, Any], entry: bytes) -> Act | None:
        if found.get("position") != self.size:
            self._breach(f"the line says position {found.get('position')}")
        record, salt = found.get("record"), found.get("salt")
        shown = leaf.parse(entry)
        if not isinstance(record, dict) or not isinstance(salt, str):
            self._closed.add(self.size)
            return None
        try:
            opening = base64url.decode(salt, field="salt", size=leaf.SALT_SIZE)
            leaf.verify_opening(shown, salt=opening, record=rfc8785.dumps(record))
        except Invalid:
            self._breach("its opening is not the one of its leaf")
            return None
        try:
            act = _read(record, self.size)
        except (KeyError, TypeError, ValueError):
            self._breach("its record is not that of an act")
            return None
        if shown.type == "erasure":
            self._erased |= set(act.facts["positions"])
        return act

    def _breach(self, why: str) -> None:
        self.breaches.append(Breach(self.size, why))


def _read(record: Mapping[str, Any], position: int) -> Act:
    return Act(
        position=position,
        at=datetime.fromisoformat(record["at"]),
        verb=record["verb"],
        actor=record["actor"],
        case=record["case"],
        facts=record["facts"],
        told=tuple(Row(*row) for row in record.get("told", ())),
    )


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("every line must be one JSON object; export the log again", field="file")
    return found
