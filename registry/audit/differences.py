"""What an audit finds, and how it tells how far it is."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Kind(enum.StrEnum):
    MISSING = "missing"  # the log attests it, and it is not there
    ALTERED = "altered"  # it is not what the log attests, or cannot be read
    REORDERED = "reordered"  # it stands at another position than it was logged at
    EXTRA = "extra"  # it is there, and nothing in the log made it
    BACK_DATED = "back-dated"  # it claims an earlier time than the log allows


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that is wrong: `name` is `table:primary key`, `why` one sentence."""

    kind: Kind
    name: str
    why: str


def merged(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """One for each name and kind, in the order found, with all that is wrong."""
    whys: dict[tuple[Kind, str], dict[str, None]] = {}
    for each in differences:
        whys.setdefault((each.kind, each.name), {})[each.why] = None
    return tuple(Difference(kind, name, "; ".join(why)) for (kind, name), why in whys.items())


class Progress(Protocol):
    def total(self, count: int) -> None:
        """So much is to be done in all."""

    def advance(self, count: int) -> None:
        """So much more of it is done."""


class Silent:
    """Progress that nobody watches."""

    def total(self, count: int) -> None:
        pass

    def advance(self, count: int) -> None:
        pass
