"""Judge an export: replay it act by act, moment by moment, and gather every breach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.audit.judge import hands, listings, panels
from registry.audit.judge.deadlines import Clocks
from registry.audit.judge.exported import Act, Breach, Export
from registry.audit.judge.world import Change, World, replayed
from registry.log.checkpoint import VerifierKey

Safeguard = Callable[[World, Act, list[Change]], Iterator[str]]

SAFEGUARDS: Final[tuple[Safeguard, ...]] = (
    replayed,
    hands.acted,
    hands.ordered,
    hands.amended,
    hands.cosigned,
    listings.listed,
    listings.shown,
    listings.worsened,
    listings.unhidden,
    panels.seated,
    panels.voted,
    panels.recused,
    panels.decided,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every breach in the order of positions; of how many leaves so many opened."""

    breaches: tuple[Breach, ...]
    leaves: int
    opened: int


def judge(lines: Iterable[str], *, log: VerifierKey | None = None) -> Verdict:
    """Name every breach that the export shows. Without the log's key, its signature over the leaves is not verified.

    Invalid when it is no export.
    """
    export, court = Export(lines, log), _Court()
    opened = 0
    for act in export.acts():
        court.hear(act)
        opened += 1
    court.rise()
    return Verdict(tuple(sorted({*export.breaches, *court.breaches})), export.size, opened)


class _Court:
    """What has been replayed so far, and the moment that it has come to: acts of one time are judged together."""

    def __init__(self) -> None:
        self.breaches: list[Breach] = []
        self._world, self._clocks, self._recalls = World(), Clocks(), listings.Recalls()
        self._now: datetime | None = None

    def hear(self, act: Act) -> None:
        if self._now is None or act.at > self._now:
            self.rise()
            self._now = act.at
        changes = self._world.take(act)
        for safeguard in SAFEGUARDS:
            self.breaches += [Breach(act.position, why) for why in safeguard(self._world, act, changes)]
        self._clocks.note(self._world, act, changes)
        self._recalls.note(self._world, act, changes)

    def rise(self) -> None:
        """The moment is over."""
        if self._now is not None:
            self.breaches += [*self._clocks.end(self._world, self._now), *self._recalls.end()]
