"""Panels: three of distinct members, free of the case, whose sealed votes were opened together."""

from __future__ import annotations

from collections.abc import Iterator

from registry.audit.judge.exported import Act
from registry.audit.judge.world import Change, Values, World
from registry.policy import SEATS


def seated(world: World, act: Act, changes: list[Change]) -> Iterator[str]:
    """Whoever is seated has no interest in the case and has not taken part in it."""
    for table, pk, before, seat in changes:
        if table != "seat" or before:
            continue
        who, case = seat["account_id"], act.case or ""
        elsewhere = [row for other, row in world.where("seat", account_id=who) if other != pk]
        earlier = any(world.get("appeal", row["appeal_id"]).get("case_id") == case for row in elsewhere)
        if earlier or who in world.took_part[case]:
            yield f"{who} was seated, and had taken part in the case before"
        if why := _conflict(world, seat):
            yield f"{who} was seated, and {why}"


def voted(world: World, act: Act, changes: list[Change]) -> Iterator[str]:
    """A vote is cast from one's own seat, and nobody's is opened before all are."""
    if act.verb == "panel.vote":
        seat = world.get("seat", str(act.facts["seat"]))
        if seat.get("account_id") != act.actor or seat.get("left_at") is not None:
            yield f"{act.actor} voted from a seat that is not theirs"
        recusals = [row for _, row in world.where("recusal", appeal_id=seat.get("appeal_id"))]
        if any(row["seat_id"] == act.facts["seat"] and row["state"] == "asked" for row in recusals):
            yield f"{act.actor} voted, and nobody had decided whether they may"
    decided = {row["appeal_id"] for _, _, _, row in (each for each in changes if each.table == "decision")}
    for table, pk, before, vote in changes:
        opened = vote.get("opened_at") if table == "vote" else None
        if opened is not None and before.get("opened_at") is None and vote["appeal_id"] not in decided:
            yield f"vote {pk[:8]} was opened without a decision"


def recused(world: World, _act: Act, changes: list[Change]) -> Iterator[str]:
    """Nobody of a member that sits on the panel decides whether another of it may stay."""
    for table, pk, before, row in changes:
        decider = str(row["decided_by"] or "") if table == "recusal" and before else ""
        seats = [seat for _, seat in world.where("seat", appeal_id=row["appeal_id"])] if decider else []
        if any(world.member_of(decider) == seat["member_id"] for seat in seats if seat["left_at"] is None):
            yield f"recusal {pk[:8]} was decided by {decider}, whose member sits on the panel"


def decided(world: World, _act: Act, changes: list[Change]) -> Iterator[str]:
    """Three of distinct members, whom nothing ties to the case, and whose votes were opened by the decision."""
    for table, pk, before, decision in changes:
        if table == "decision" and not before:
            yield from (f"decision {pk[:8]} {why}" for why in _decided(world, decision))


def _decided(world: World, decision: Values) -> Iterator[str]:
    appeal = decision["appeal_id"]
    seats = [(pk, row) for pk, row in world.where("seat", appeal_id=appeal) if row["left_at"] is None]
    if len(seats) != SEATS or len({row["member_id"] for _, row in seats}) != SEATS:
        yield f"was taken by {len(seats)} seats of {len({row['member_id'] for _, row in seats})} members"
    votes = {row["seat_id"]: row["opened_at"] for _, row in world.where("vote", appeal_id=appeal)}
    if {votes.get(pk) for pk, _ in seats} != {decision["decided_at"]}:
        yield "was taken, and not all votes were opened with it"
    for _, seat in seats:
        if why := _conflict(world, seat):
            yield f"was taken with {seat['account_id']}, and {why}"
    if not world.where("hearing", appeal_id=appeal):
        yield "was taken without a hearing"


def _conflict(world: World, seat: Values) -> str | None:
    appeal = world.get("appeal", seat["appeal_id"])
    who, accuser, case = seat["account_id"], str(appeal.get("member_id")), appeal.get("case_id")
    if world.member_of(who) != seat["member_id"]:
        return "the account is of another member than the seat says"
    if world.is_near(who, accuser):
        return "their member has filed the case, or is under the same owner"
    interests = [row for _, row in world.where("interest", account_id=who)]
    if any(row["member_id"] == accuser or (row["case_id"] is not None and row["case_id"] == case) for row in interests):
        return "they had declared an interest"
    return None
