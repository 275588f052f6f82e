"""What is known at some point of the replay: the rows as last told, the states, who took part, who was shown what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from registry.audit.judge.exported import Act
from registry.audit.lives import LIVES

Values = Mapping[str, Any]
NOBODY: Values = {}
# Columns that rows are looked up by; they never change.
_LINKS = (
    "account_id",
    "amendment_id",
    "appeal_id",
    "case_id",
    "cause",
    "entry_id",
    "order_id",
    "report_id",
    "version_id",
)


class Change(NamedTuple):
    """A row as it was told before, and as an act tells it; `before` is empty for a new one."""

    table: str
    pk: str
    before: Values
    after: Values


class World:
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Values]] = defaultdict(dict)
        self.states: dict[str, tuple[str, int]] = {}  # of `table:id`: the state and the number of its last step
        self.took_part: dict[str, set[str]] = defaultdict(set)  # actors of steps, by case
        self.erased: set[str] = set()
        self._linked: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)

    def take(self, act: Act) -> list[Change]:
        """Learn what an act tells."""
        changes = []
        for table, pk, values in act.told:
            if values.get("case_id") in self.erased:
                continue
            before = self.rows[table].get(pk, NOBODY)
            self.rows[table][pk] = values
            for name in _LINKS:
                if name in values:
                    self._linked[table, name, str(values[name])][pk] = None
            changes.append(Change(table, pk, before, values))
        if act.verb == "erasure.execute":
            self.erased.add(str(act.facts.get("case")))
        return changes

    def get(self, table: str, pk: str | None) -> Values:
        return self.rows[table].get(pk or "", NOBODY)

    def where(self, table: str, **link: Any) -> list[tuple[str, Values]]:
        """The rows with this value in one of the columns that link, in the order in which they were first told."""
        ((name, value),) = link.items()
        found = self._linked.get((table, name, str(value)), {})
        return [(pk, self.rows[table][pk]) for pk in found]

    def member_of(self, account: str) -> str:
        return str(self.get("account", account).get("member_id"))

    def kind_of(self, account: str) -> str:
        return str(self.get("member", self.member_of(account)).get("kind"))

    def is_near(self, account: str, member: str) -> bool:
        """Whether the account is of this member, or of a company under the same owner."""
        own = self.member_of(account)
        group = self.get("member", own).get("group")
        return own == member or (group is not None and group == self.get("member", member).get("group"))


def time(row: Values, name: str) -> datetime | None:
    text = row.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def replayed(world: World, act: Act, changes: list[Change]) -> Iterator[str]:
    """The steps are allowed, whole, and lead to the states that the act tells."""
    steps = [change for change in changes if change.table == "step"]
    for _, pk, _, step in sorted(steps, key=lambda change: (change.after["subject"], change.after["number"])):
        if why := _misstep(world, step):
            yield f"step {pk[:8]} of {step['subject']}: {why}"
        world.states[step["subject"]] = step["after"], step["number"]
        world.took_part[act.case or ""].add(step["actor"])
    for table, pk, _, row in changes:
        state, _ = world.states.get(f"{table}:{pk}", (row.get("state"), 0))
        if table in LIVES and state != row.get("state"):
            yield f"{table} {pk[:8]} is told as {row.get('state')}, and its steps lead to {state}"


def _misstep(world: World, step: Values) -> str | None:
    table = LIVES.get(step["subject"].partition(":")[0])
    state, number = world.states.get(step["subject"], (None, 0))
    if table is None:
        return "nothing of this kind has states"
    if (step["before"], step["number"]) != (state, number + 1):
        return f"it begins as {step['before']}, and the one before ended as {state}"
    if table.get((state, step["verb"])) != step["after"]:
        return f"{step['verb']} does not lead from {state} to {step['after']}"
    return None
