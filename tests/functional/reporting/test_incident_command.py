"""`zilu report incident` and `zilu summary`, through the API."""

from __future__ import annotations

from registry.db import Store
from registry.keys.holder import Holder
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER, Filing
from tests.served import Desk

BY_RUI = ("--as", "acme-security")
BY_BEN = ("--as", "birch-security")


def test_an_incident_is_noted_listed_with_its_report_and_deleted_and_the_month_is_counted(
    desk: Desk, store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    noted = desk.zilu("report", "incident", "note", "I-17", *BY_RUI, typed="Odd exports at night.\n")
    assert noted.exit_code == 0, noted.output
    refused = desk.zilu("report", "incident", "note", "I-17", *BY_RUI, typed=f"It is {NUMBER}.\n")
    assert (refused.exit_code, NUMBER in refused.output) == (2, False)
    number = Filing(store, cast, holder, clock(), incident="I-17").number
    shown = desk.zilu("report", "incident", "list", *BY_RUI).stdout
    assert f"{number} filed" in shown
    assert "Odd exports at night." in shown
    assert desk.zilu("report", "incident", "list", *BY_BEN).stdout == ""
    identity = noted.stdout.split("\t")[0]
    assert desk.zilu("report", "incident", "delete", identity, *BY_BEN).exit_code == 2
    assert desk.zilu("report", "incident", "delete", identity, *BY_RUI).exit_code == 0
    month = desk.zilu("summary", *BY_RUI)
    assert month.exit_code == 0, month.output
    assert month.stdout.splitlines()[:2] == ["2026-03", "  filed             1"]
    assert desk.zilu("summary", "--month", "2026-13", *BY_RUI).exit_code == 2
