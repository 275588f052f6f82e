"""Lives: the steps of everything that has a state are allowed, whole, and lead to the state that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.appeals.rules import NEXT as APPEAL
from registry.audit.differences import Difference, Kind
from registry.audit.stored import Stored
from registry.cases.models import Step
from registry.cases.steps import replay
from registry.entries.rules import NEXT as ENTRY
from registry.notices.rules import NEXT as NOTICE
from registry.reports.rules import NEXT as REPORT

# The transition table of every table whose rows have a `state`.
LIVES: Mapping[str, Mapping[tuple[Any, Any], Any]] = {
    "appeal": APPEAL,
    "entry": ENTRY,
    "notice": NOTICE,
    "report": REPORT,
}


class Lives:
    """Is shown every row; then names each that its steps do not lead to."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], Any] = {}
        self._steps: dict[str, list[Stored]] = {}

    def see(self, row: Stored) -> None:
        if row.table == Step.__tablename__:
            self._steps.setdefault(row.values["subject"], []).append(row)
        elif row.table in LIVES:
            self._states[row.table, row.pk] = row.values["state"]

    def differences(self) -> Iterator[Difference]:
        for (table, pk), state in self._states.items():
            name = f"{table}:{pk}"
            if why := _problem(LIVES[table], state, self._steps.pop(name, [])):
                yield Difference(Kind.ALTERED, name, why)
        for subject, steps in self._steps.items():
            for step in steps:
                yield Difference(Kind.EXTRA, step.name, f"it is a step of {subject}, which is not there")


def _problem(table: Mapping[tuple[Any, Any], Any], state: Any, rows: list[Stored]) -> str | None:
    steps = [Step(**row.values) for row in sorted(rows, key=lambda row: int(row.values["number"]))]
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        return "a step of it is missing, or there twice"
    for before, step in zip([None, *steps], steps, strict=False):
        if step.before != (before.after if before else None):
            return f"step {step.number} does not begin where the one before ended"
    try:
        reached = replay(table, steps)
    except KeyError:
        return "a step of it was not allowed"
    return None if reached == state else f"its steps lead to {reached}, and it is {state}"
