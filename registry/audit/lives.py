"""Lives: the steps of everything that has a state are allowed, whole, and lead to the state that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.amendments.rules import NEXT as AMENDMENT
from registry.appeals.recusal import NEXT as RECUSAL
from registry.appeals.rules import NEXT as APPEAL
from registry.audit.differences import Difference, Kind
from registry.audit.stored import Stored
from registry.cases.models import Step
from registry.cases.steps import replay
from registry.checks.rules import NEXT_LINK as CONSENT_LINK
from registry.entries.rules import NEXT as ENTRY
from registry.erasures.rules import NEXT as ERASURE
from registry.findings.rules import NEXT as FINDING
from registry.notices.rules import NEXT as NOTICE
from registry.orders.rules import NEXT as ORDER
from registry.reports.rules import INSPECTION
from registry.reports.rules import NEXT as REPORT
from registry.restraints.rules import NEXT as RESTRAINT
from registry.reviews.rules import NEXT as REVIEW

# The transition table of every table whose rows have a `state`.
LIVES: Mapping[str, Mapping[tuple[Any, Any], Any]] = {
    "amendment": AMENDMENT,
    "appeal": APPEAL,
    "consent_link": CONSENT_LINK,
    "entry": ENTRY,
    "erasure": ERASURE,
    "finding": FINDING,
    "inspection": INSPECTION,
    "notice": NOTICE,
    "order": ORDER,
    "recusal": RECUSAL,
    "report": REPORT,
    "restraint": RESTRAINT,
    "review": REVIEW,
}


class Lives:
    """Is shown every row; then names each that its steps do not lead to. What is named already is not judged again."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[str, Any]] = {}
        self._steps: dict[str, list[Stored]] = {}
        self._unfit: set[str] = set()

    def see(self, row: Stored, fits: bool) -> None:
        if row.table == Step.__tablename__:
            subject = str(row.values.get("subject"))
            self._steps.setdefault(subject, []).append(row)
            self._unfit |= set() if fits else {subject}
        elif row.table in LIVES and fits:
            self._states[row.name] = row.table, row.values["state"]
        elif row.table in LIVES:
            self._unfit.add(row.name)

    def differences(self) -> Iterator[Difference]:
        for name, (table, state) in self._states.items():
            if name not in self._unfit and (why := _problem(LIVES[table], state, self._steps.get(name, []))):
                yield Difference(Kind.ALTERED, name, why)
        for subject in self._steps.keys() - self._states.keys() - self._unfit:
            for step in self._steps[subject]:
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
