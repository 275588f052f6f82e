"""Every date that passed had its effect: silence, default outcomes, reminders, escalations, ends.

The worker carries an effect out when its date has come. So once something else happens later than a date by more than
`GRACE`, the effect must be there; what stood still with everything else is not late.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final, NamedTuple

from registry import policy
from registry.appeals import rules as appeals
from registry.appeals.recusal import decide_by
from registry.appeals.rules import Duty, Facts, Lane
from registry.audit.judge.exported import Act, Breach
from registry.audit.judge.world import Change, Values, World, time
from registry.entries.rules import VISIBLE
from registry.findings.rules import cause_of_overdue, cause_of_review, reminder_due
from registry.orders.rules import OPEN, confirm_by
from registry.recalls.rules import due_at
from registry.reviews.rules import Ground, review_at

GRACE: Final = timedelta(minutes=15)
_OVER: Final = ("voided", "rehabilitated")

Missing = Callable[[World, datetime], bool]


class Owed(NamedTuple):
    """An effect, its date, and whether at some later time it is still not there.

    What was over when it began to be owed is due `GRACE` after that, or `at_once`: in the same transaction.
    """

    by: datetime
    is_missing: Missing
    why: str
    at_once: bool = False


class Clocks:
    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, int, Owed]] = []
        self._numbers = count()
        self._known: set[tuple[datetime, str]] = set()

    def note(self, world: World, act: Act, changes: list[Change]) -> None:
        for table, pk, before, row in changes:
            for owed in _OWED.get(table, _nothing)(world, pk, before, row, act.at):
                if (owed.by, owed.why) not in self._known:
                    self._known.add((owed.by, owed.why))
                    due = act.at if owed.at_once else max(owed.by, act.at) + GRACE
                    heapq.heappush(self._waiting, (due, next(self._numbers), act.position, owed))

    def end(self, world: World, now: datetime) -> Iterator[Breach]:
        """The moment `now` is over: name what should have happened by it."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, position, owed = heapq.heappop(self._waiting)
            if owed.is_missing(world, now):
                yield Breach(position, owed.why)


def _nothing(_world: World, _pk: str, _before: Values, _row: Values, _now: datetime) -> Iterator[Owed]:
    return iter(())


def _of_appeal(_world: World, pk: str, before: Values, row: Values, now: datetime) -> Iterator[Owed]:
    facts = _facts(row)
    if facts.state in appeals.UNDECIDED:
        dates = appeals.deadlines(facts)
        late = [dates[duty] for duty in (Duty.DECIDE, Duty.END) if duty in dates]
        why = f"appeal {pk[:8]} was not decided in time, and the entry was not hidden"
        yield from (Owed(by, lambda world, _: _harms(world, pk), why) for by in late)
    if facts.state in appeals.UNDECIDED and row["exhausted_at"] and Duty.END in appeals.deadlines(facts):
        why = f"nobody was left who could decide appeal {pk[:8]}, and the listing was not voided"
        yield Owed(appeals.deadlines(facts)[Duty.END], _is_still("appeal", pk, *appeals.SEATED), why)
    if facts.state is appeals.State.ADMITTED and facts.admitted_at:
        by = facts.admitted_at + appeals.answer_limit(facts.lane)
        yield Owed(by, _is_still("appeal", pk, "admitted"), f"the member's silence in appeal {pk[:8]} had no effect")
    if row["lapsed_at"] and not before.get("lapsed_at"):
        why = f"the member was silent in appeal {pk[:8]}, and the entry was not hidden"
        yield Owed(now, lambda world, _: _harms(world, pk), why, at_once=True)
    if facts.state is appeals.State.DECIDED and facts.decided_at:
        by = appeals.contest_until(facts.decided_at)
        yield Owed(by, _is_still("appeal", pk, "decided"), f"nobody contested appeal {pk[:8]}, and it was not closed")
    yield from _duties(pk, facts)


def _duties(pk: str, facts: Facts) -> Iterator[Owed]:
    """Whoever owes something is reminded of it; what is late becomes a finding."""
    for duty, (since, by) in appeals.owed(facts).items():
        why = f"{duty.value} in appeal {pk[:8]} was late, and no finding was raised"
        yield Owed(by, partial(_is_unraised, pk, duty), why)
        yield from _reminders(f"appeal-{duty.value}", pk, since, by, partial(_is_owed, pk, duty))


def _is_owed(pk: str, duty: Duty, world: World) -> bool:
    return duty in appeals.owed(_facts(world.get("appeal", pk)))


def _is_unraised(pk: str, duty: Duty, world: World, _now: datetime) -> bool:
    return _is_owed(pk, duty, world) and not world.where("finding", cause=cause_of_overdue(pk, duty))


def _harms(world: World, appeal_id: str) -> bool:
    """Whether an appeal that nobody has decided leaves its entry in sight, without ever having hidden it."""
    appeal = world.get("appeal", appeal_id)
    seen = [row for _, row in world.where("entry", case_id=appeal["case_id"]) if row["state"] in VISIBLE]
    return bool(seen) and appeal["state"] in appeals.UNDECIDED and not appeal["suspended"]


def _facts(row: Values) -> Facts:
    lodged = time(row, "lodged_at")
    if lodged is None:
        raise ValueError("an appeal without the time at which it was lodged")
    return Facts(
        state=appeals.State(row["state"]),
        lane=Lane(row["lane"]),
        instance=row["instance"],
        lodged_at=lodged,
        informed_at=time(row, "informed_at"),
        began_at=time(row, "began_at"),
        proofed_at=time(row, "proofed_at"),
        admitted_at=time(row, "admitted_at"),
        decided_at=time(row, "decided_at"),
    )


def _of_recall(_world: World, pk: str, before: Values, row: Values, _now: datetime) -> Iterator[Owed]:
    issued = time(row, "issued_at")
    if before or issued is None:
        return

    def is_open(world: World) -> bool:
        recall = world.get("recall", pk)
        return recall["acknowledged_at"] is None and recall["escalated_at"] is None

    yield Owed(
        due_at(issued), lambda world, _: is_open(world), f"recall {pk[:8]} was not answered, and nobody was told"
    )
    yield from _reminders("recall", pk, issued, due_at(issued), is_open)


def _of_finding(_world: World, pk: str, before: Values, row: Values, now: datetime) -> Iterator[Owed]:
    due = time(row, "due_at")
    if before or due is None:
        return

    def is_open(world: World) -> bool:
        finding = world.get("finding", pk)
        return finding["state"] == "open" and finding["escalated_at"] is None

    why = f"finding {pk[:8]} was not answered, and nobody was told"
    yield Owed(due, lambda world, _: is_open(world), why)
    if row["member_id"] is not None:
        yield from _reminders("finding", pk, now, due, is_open)


def _of_order(_world: World, pk: str, _before: Values, row: Values, _now: datetime) -> Iterator[Owed]:
    issued, until = time(row, "issued_at"), time(row, "until")
    if issued is None or until is None or row["state"] not in OPEN:
        return
    if row["state"] == "issued":
        why = f"order {pk[:8]} was not confirmed in time, and did not lapse"
        yield Owed(confirm_by(issued), _is_still("order", pk, "issued"), why)
    yield Owed(until, _is_still("order", pk, *OPEN), f"order {pk[:8]} was over, and did not end")


def _of_amendment(_world: World, pk: str, _before: Values, row: Values, _now: datetime) -> Iterator[Owed]:
    signed = time(row, "signed_at")
    if row["state"] == "signed" and signed is not None:
        why = f"amendment {pk[:8]} was not confirmed in time, and did not lapse"
        yield Owed(signed + policy.CONFIRMED_WITHIN, _is_still("amendment", pk, "signed"), why)


def _of_entry(_world: World, pk: str, before: Values, row: Values, _now: datetime) -> Iterator[Owed]:
    hit, listed_at = time(row, "first_hit_at"), time(row, "listed_at")
    if hit is not None and not before.get("first_hit_at"):
        why = f"unheard entry {pk[:8]} was shown, and the person was not written to"
        yield Owed(hit, lambda world, _: world.get("entry", pk)["contacted_at"] is None, why)
        why = f"the days to answer of entry {pk[:8]} were over, and whoever had seen it was not told"
        yield Owed(hit + policy.UNHEARD_WINDOW, lambda world, now: _is_unsaid(world, pk, now), why)
    if listed_at is not None:
        by = review_at(listed_at, time(row, "until"))
        why = f"entry {pk[:8]} reached half of its term, and nobody was asked to look at it again"
        yield Owed(by, lambda world, now: _is_unreviewed(world, pk, now), why)


def _is_unreviewed(world: World, pk: str, now: datetime) -> bool:
    entry, until = world.get("entry", pk), time(world.get("entry", pk), "until")
    grounds = {row["ground"] for _, row in world.where("review", entry_id=pk)}
    return entry["state"] not in _OVER and (until is None or now < until) and Ground.HALF_TERM not in grounds


def _of_recusal(_world: World, pk: str, before: Values, row: Values, _now: datetime) -> Iterator[Owed]:
    asked = time(row, "asked_at")
    if before or asked is None:
        return

    def is_undecided(world: World, _now: datetime) -> bool:
        seated = world.get("appeal", row["appeal_id"]).get("state") in appeals.SEATED
        return seated and world.get("recusal", pk)["state"] == "asked"

    why = f"nobody decided recusal {pk[:8]}, and whoever was challenged stayed on the panel"
    yield Owed(decide_by(asked), is_undecided, why)


def _of_review(_world: World, pk: str, before: Values, _row: Values, now: datetime) -> Iterator[Owed]:
    if before:
        return

    def is_unraised(world: World, _now: datetime) -> bool:
        return world.get("review", pk)["state"] == "open" and not world.where("finding", cause=cause_of_review(pk))

    yield Owed(now + policy.REVIEW_LIMIT, is_unraised, f"review {pk[:8]} was late, and no finding was raised")
    why = f"nobody decided review {pk[:8]}, and the listing did not end"
    yield Owed(now + policy.REVIEW_DEFAULT, _is_still("review", pk, "open"), why)


def _is_unsaid(world: World, pk: str, now: datetime) -> bool:
    recalls = [row for _, row in world.where("recall", entry_id=pk)]
    return _is_seen(world.get("entry", pk), now) and not any(row["reason"] == "heard" for row in recalls)


def _is_seen(entry: Values, now: datetime) -> bool:
    until = time(entry, "until")
    return entry["state"] in VISIBLE and (until is None or now < until)


def _is_still(table: str, pk: str, *states: str) -> Missing:
    return lambda world, _now: world.get(table, pk)["state"] in states


def _reminders(duty: str, pk: str, since: datetime, by: datetime, is_owed: Callable[[World], bool]) -> Iterator[Owed]:
    """The latest reminder that is due must have been sent; what was slept through is not made up for."""

    def is_missing(world: World, now: datetime) -> bool:
        lead = reminder_due(since=since, by=by, now=now)
        if lead is None or not is_owed(world):
            return False
        return world.get("reminder", f"{duty}:{pk}:{lead // timedelta(hours=1)}") == {}

    for lead in policy.REMIND_BEFORE:
        if lead < by - since:
            yield Owed(by - lead, is_missing, f"nobody was reminded of {duty} {pk[:8]} before its date")


_OWED: Final[dict[str, Callable[[World, str, Values, Values, datetime], Iterator[Owed]]]] = {
    "amendment": _of_amendment,
    "appeal": _of_appeal,
    "entry": _of_entry,
    "finding": _of_finding,
    "order": _of_order,
    "recall": _of_recall,
    "recusal": _of_recusal,
    "review": _of_review,
}
