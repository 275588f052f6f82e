"""`zilu finding`, through the API."""

from __future__ import annotations

from registry.db import Store
from registry.findings.actions import demand
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.served import Desk

BY_RUI = ("--as", "acme-security")
BY_BEN = ("--as", "birch-security")


def test_what_is_demanded_is_listed_with_its_day_and_answered_once(
    desk: Desk, store: Store, cast: Cast, clock: MovingClock
) -> None:
    with store.write() as session:
        text = "Say who could sign in at night."
        id = demand(session, actor=cast.rex.actor, member_id="acme", text=text, now=clock()).id
    listed = desk.zilu("finding", "list", *BY_RUI).stdout
    assert listed.startswith(f"{id}\tdemand\topen\tdue 2026-")
    assert listed.endswith("Say who could sign in at night.\n")
    assert desk.zilu("finding", "list", *BY_BEN).stdout == ""
    refused = desk.zilu("finding", "answer", id, *BY_RUI, typed=f"It was {NUMBER}.\n")
    assert (refused.exit_code, NUMBER in refused.output) == (2, False)
    assert desk.zilu("finding", "answer", id, *BY_BEN, typed="Not ours.\n").exit_code == 2
    assert desk.zilu("finding", "answer", "../x", *BY_RUI, typed="Two people.\n").exit_code == 2
    answered = desk.zilu("finding", "answer", id, *BY_RUI, typed="Two people.\n")
    assert (answered.exit_code, answered.stdout) == (0, f"{id}\tanswered\n"), answered.output
    assert desk.zilu("finding", "list", *BY_RUI).stdout.endswith("Two people.\n")
    assert desk.zilu("finding", "answer", id, *BY_RUI, typed="Three.\n").exit_code == 2
