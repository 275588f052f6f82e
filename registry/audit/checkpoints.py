"""Checkpoints as rows: each is whole, signed, and follows the one that it names."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from registry.audit.differences import Difference, Kind
from registry.audit.history import Head
from registry.audit.stored import Stored
from registry.db import Keyring
from registry.errors import Invalid
from registry.log import checkpoint, sequencer


@dataclass(frozen=True, slots=True)
class Chain:
    """The heads that hold, ascending, and what is wrong with the rest."""

    heads: tuple[Head, ...]
    differences: tuple[Difference, ...]


def verify(rows: Sequence[Stored], *, log: checkpoint.VerifierKey, keyring: Keyring, size: int) -> Chain:
    """1. every row alone; 2. each names the one before it; 3. times do not go back. `size`: leaves that there are."""
    problems = {row.pk: "; ".join(_problems(row, log, keyring)) for row in rows}
    whole = sorted((row for row in rows if not problems[row.pk]), key=lambda row: int(row.values["size"]))
    expected = {str(size), *(str(row.values["previous"]) for row in whole)}
    damaged = [
        Difference(Kind.ALTERED if row.pk in expected else Kind.EXTRA, row.name, problems[row.pk])
        for row in rows
        if problems[row.pk]
    ]
    heads = tuple(Head(row.name, row.values["size"], row.values["root"]) for row in whole)
    present = {row.pk for row in rows}
    return Chain(heads, (*damaged, *_gaps(whole, present), *_times(whole)))  # 1, 2, 3


def _problems(row: Stored, log: checkpoint.VerifierKey, keyring: Keyring) -> Iterator[str]:
    if row.unreadable:
        yield f"its {', '.join(row.unreadable)} cannot be read"
        return
    values = row.values
    try:
        signed = checkpoint.open_checkpoint(values["note"], log=log, origin=log.name).checkpoint
    except Invalid as error:
        yield f"its note does not hold: {error.message}"
        return
    if (signed.size, signed.root) != (values["size"], values["root"]):
        yield "its note signs another size or root"
    elif values["published"] is not None and not values["published"].startswith(values["note"]):
        yield "what was published is not its note"
    elif not hmac.compare_digest(_seal(values, keyring), values["seal"]):
        yield "its seal does not fit its time, note or predecessor"


def _seal(values: Mapping[str, Any], keyring: Keyring) -> bytes:
    names = ("size", "previous", "at", "note", "published")
    return sequencer.seal(keyring, **{name: values[name] for name in names})


def _gaps(whole: Sequence[Stored], present: set[str]) -> Iterator[Difference]:
    for row in whole:
        before = row.values["previous"]
        if before and str(before) not in present:
            yield Difference(Kind.MISSING, f"checkpoint:{before}", f"{row.name} follows it, and it is not there")


def _times(whole: Sequence[Stored]) -> Iterator[Difference]:
    for before, row in pairwise(whole):
        if row.values["at"] < before.values["at"]:
            yield Difference(Kind.BACK_DATED, row.name, f"it is older than {before.name}, which it follows")
