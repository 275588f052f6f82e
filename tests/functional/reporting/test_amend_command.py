"""`zilu report amend` and `confirm`, through the API: two people of one member, with a key each."""

from __future__ import annotations

import json
from datetime import timedelta

from registry.db import Store
from registry.keys.holder import Holder
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import Filing
from tests.served import Desk

BY_RUI = ("--as", "acme-security")
BY_ANA = ("--as", "acme-approver")


def test_an_amendment_is_signed_read_and_confirmed(
    desk: Desk, store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    filing = Filing(store, cast, holder, clock() - timedelta(hours=1))
    filing.countersigned(clock()).screened(clock())
    path = desk.folder / "amendment.json"
    said = {"kind": "correction", "what": "24 records.", "why": "Counted twice.", "changes": {"term_days": 90}}

    def amend(**more: object) -> str:
        path.write_text(json.dumps({name: value for name, value in {**said, **more}.items() if value is not None}))
        result = desk.zilu("report", "amend", filing.id, path, *BY_RUI)
        return str(result.stdout if result.exit_code == 0 else result.stderr)

    assert "the file may only have" in amend(report=filing.id)
    assert "file a new report" in amend(changes={"term_days": 366})
    assert "withdraw the report instead" in amend(kind="void", changes=None)
    amendment = amend().split("\t")[0]
    by_herself = desk.zilu("report", "confirm", filing.id, amendment, *BY_RUI)
    assert (by_herself.exit_code, "may not do this" in by_herself.stderr) == (2, True)
    assert desk.zilu("report", "confirm", filing.id, "0" * 32, *BY_ANA).exit_code == 2
    result = desk.zilu("report", "confirm", filing.id, amendment, *BY_ANA)
    assert (result.exit_code, result.stdout.split("\t")[2]) == (0, "in-force")
    assert "Counted twice." in result.stderr
    (shown,) = json.loads(desk.zilu("report", "amendments", filing.id, *BY_ANA).stdout)
    assert (shown["state"], shown["statement"]["what"]) == ("in-force", "24 records.")
    assert shown["confirmed_at"] is not None
    assert filing.report().term_days == 90
