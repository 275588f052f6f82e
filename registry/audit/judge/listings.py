"""What became visible, to whom: listings, answers to checks, and the recalls that every change owes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from registry.audit.judge.exported import Act, Breach
from registry.audit.judge.world import Change, Values, World, time
from registry.entries.rules import VISIBLE
from registry.policy import CHANNELS, RESPONSE_WINDOW


def listed(world: World, act: Act, changes: list[Change]) -> Iterator[str]:
    """A listing had two signers, neutral screening, service by the book, and the whole time to answer."""
    for table, pk, before, entry in changes:
        if table == "entry" and not before:
            for why in (*_signers(world, entry), *_screening(world, entry), *_window(world, entry, act.at)):
                yield f"entry {pk[:8]} was listed {why}"


def shown(world: World, act: Act, _changes: list[Change]) -> Iterator[str]:
    """No check saw an entry outside of the states in which it stands."""
    if act.verb != "entry.show":
        return
    entry = world.get("entry", str(act.facts["entry"]))
    listed_at, until = time(entry, "listed_at"), time(entry, "until")
    is_within = listed_at is not None and listed_at <= act.at and (until is None or act.at < until)
    if not (is_within and stands(entry, act.at)):
        state = entry.get("state", "nothing that was ever listed")
        yield f"a check was shown entry {str(act.facts['entry'])[:8]}, which is {state} or hidden or over"


def worsened(_world: World, _act: Act, changes: list[Change]) -> Iterator[str]:
    """What is listed never becomes graver, nor lasts longer: that takes a report of its own."""
    for table, pk, before, entry in changes:
        if table == "entry" and before:
            ends, ended = time(entry, "until"), time(before, "until")
            if entry["level"] > before["level"] or (ended is not None and (ends is None or ends > ended)):
                yield f"entry {pk[:8]} was made graver after it was listed"


def unhidden(_world: World, act: Act, changes: list[Change]) -> Iterator[str]:
    """What is hidden until a date is shown before it only with an order that is lifted."""
    if any(table == "order" and row["state"] == "lifted" for table, _, _, row in changes):
        return
    for table, pk, before, entry in changes:
        was, until = time(before, "hidden_until"), time(entry, "hidden_until")
        if table == "entry" and was is not None and act.at < was and (until is None or until < was):
            yield f"entry {pk[:8]} was shown before the date until which it was hidden"


def stands(entry: Values, now: datetime) -> bool:
    """Whether nobody has hidden it. Whether its time is over is another thing."""
    hidden = time(entry, "hidden_until")
    return entry.get("state") in VISIBLE and not (hidden is not None and now < hidden)


def _signers(world: World, entry: Values) -> Iterator[str]:
    report = entry["report_id"]
    versions = world.where("report_version", report_id=report)
    pk, present = max(versions, key=lambda each: each[1]["number"], default=("", {}))
    seconds = [row for _, row in world.where("countersignature", version_id=pk)]
    hands = {row["account_id"] for _, row in versions}
    if not present or len(seconds) != 1:
        yield "without a countersignature of the version that was signed last"
    elif seconds[0]["account_id"] in hands or seconds[0]["kid"] == present["kid"]:
        yield "with both signatures by one hand"
    if any(world.member_of(account) != entry["member_id"] for account in hands):
        yield "over a signature of another member"


def _screening(world: World, entry: Values) -> Iterator[str]:
    found = [row for _, row in world.where("screening", report_id=entry["report_id"])]
    if [row["verdict"] for row in found] != ["accept"]:
        yield "without having been screened"
    elif world.kind_of(found[0]["account_id"]) == "carrier" or world.is_near(
        found[0]["account_id"], entry["member_id"]
    ):
        yield "after a screening that was not neutral"


def _window(world: World, entry: Values, now: datetime) -> Iterator[str]:
    report = world.get("report", entry["report_id"])
    begun = _begun(world, report)
    closes = time(report, "window_closes_at")
    if begun is None:
        yield "without service: no letter was served, and not enough ways were tried"
    elif closes is None or now < closes or closes < begun + RESPONSE_WINDOW + _extended(world, report):
        yield "before the time to answer was over"


def _begun(world: World, report: Values) -> datetime | None:
    """When the time to answer began to run: the first service, or when enough channels had been tried."""
    letters = [time(row, "served_at") for _, row in world.where("notice", case_id=report["case_id"])]
    served = [at for at in letters if at is not None]
    presumed = time(report, "unheard_since")
    routes = {row["route"] for _, row in world.where("attempt", case_id=report["case_id"])}
    if presumed is not None and len(routes) >= CHANNELS and routes & {"post", "in-person"}:
        served.append(presumed)
    return min(served, default=None)


def _extended(world: World, report: Values) -> timedelta:
    days = [row["days"] for _, row in world.where("extension", case_id=report["case_id"])]
    return timedelta(days=sum(days))


class Recalls:
    """Everyone who was told of an entry hears of its change, in the transaction that changes it."""

    def __init__(self) -> None:
        self._told: dict[str, set[str]] = defaultdict(set)  # members, by entry
        self._owed: dict[tuple[str, str], int] = {}  # entry and member, with the position of the change
        self._issued: set[tuple[str, str]] = set()

    def note(self, world: World, act: Act, changes: list[Change]) -> None:
        for table, pk, before, after in changes:
            if table == "entry" and before and _is_news(before, after, act.at):
                self._owe(act, pk)
            elif _shows_again(table, after):
                for entry, row in world.where("entry", case_id=after["case_id"]):
                    if stands(row, act.at) and not _is_over(row, act.at):
                        self._owe(act, entry)
        for table, _, before, after in changes:
            if table == "recall" and not before:
                self._issued.add((after["entry_id"], after["member_id"]))
                self._told[after["entry_id"]].add(after["member_id"])
        if act.verb == "entry.show":
            self._told[act.facts["entry"]].add(act.facts["member"])

    def end(self) -> Iterator[Breach]:
        """The moment is over: whoever has not been told by now was not told."""
        for (entry, member), position in self._owed.items():
            if (entry, member) not in self._issued:
                yield Breach(position, f"{member} was told of entry {entry[:8]}, and got no recall when it changed")
        self._owed.clear()
        self._issued.clear()

    def _owe(self, act: Act, entry: str) -> None:
        for member in self._told[entry]:
            self._owed.setdefault((entry, member), act.position)


def _shows_again(table: str, row: Values) -> bool:
    """Whether what hid an entry until a date has come to it, or was lifted before."""
    if table == "amendment":
        return bool(row["state"] == "lapsed" and row["kind"] == "void")
    return table == "order" and row["state"] in ("lapsed", "ended", "lifted") and row["instruction"] == "suspend"


def _is_over(entry: Values, now: datetime) -> bool:
    until = time(entry, "until")
    return until is not None and until <= now


def _is_news(before: Values, after: Values, now: datetime) -> bool:
    """Whether those who were told must hear of it: it ends, is hidden or shown again, or what is shown changes."""
    if after["state"] in ("voided", "rehabilitated"):
        return bool(before["state"] != after["state"])
    if _is_over(before, now):
        return False
    was, stays = stands(before, now), stands(after, now)
    return was != stays or (stays and any(before[name] != after[name] for name in ("state", "level", "until")))
