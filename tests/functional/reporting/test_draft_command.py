from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry import policy
from registry.db import Store
from registry.reports.models import Draft
from tests.conftest import START
from tests.filing import NUMBER
from tests.served import Desk

BY_RUI = ("--as", "acme-security")


def write(desk: Desk, **document: Any) -> Path:
    path = desk.folder / "begun.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def kept(desk: Desk, **document: Any) -> str:
    result = desk.zilu("report", "draft", "save", write(desk, **document), *BY_RUI)
    assert result.exit_code == 0, result.output
    return result.stdout.split("\t")[0]


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count(Draft.id))) or 0


def test_a_draft_is_saved_listed_shown_changed_and_deleted(desk: Desk, store: Store) -> None:
    draft = kept(desk, offence="sale")
    assert draft in desk.zilu("report", "draft", "list", *BY_RUI).stdout
    assert json.loads(desk.zilu("report", "draft", "show", draft, *BY_RUI).stdout) == {"offence": "sale"}
    again = ("report", "draft", "save", write(desk, offence="theft"), "--id", draft, "--version", "1", *BY_RUI)
    assert "version 2" in desk.zilu(*again).stdout
    stale = desk.zilu(*again)
    assert stale.exit_code == 2
    assert "changed meanwhile" in stale.stderr
    assert json.loads(desk.zilu("report", "draft", "show", draft, *BY_RUI).stdout) == {"offence": "theft"}
    assert desk.zilu("report", "draft", "delete", draft, *BY_RUI).stdout == f"{draft}\tdeleted\n"
    assert desk.zilu("report", "draft", "show", draft, *BY_RUI).exit_code == 2
    assert count(store) == 0


@pytest.mark.parametrize(
    ("found", "said"),
    [(0, ""), (8, "the time to file is running out"), (11, "late: the report must say why")],
)
def test_whoever_lists_drafts_is_warned_of_the_time(desk: Desk, found: int, said: str) -> None:
    kept(desk, found={"on": str((START - timedelta(days=found)).date())})
    result = desk.zilu("report", "draft", "list", *BY_RUI)
    assert said in result.stderr
    assert bool(result.stderr) is bool(said)


@pytest.mark.parametrize("account", ["acme-approver", "birch-security"])
def test_nobody_but_the_members_reporters_reads_it(desk: Desk, account: str) -> None:
    result = desk.zilu("report", "draft", "show", kept(desk, offence="sale"), "--as", account)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("document", [{"narrative": f"He is {NUMBER}."}, {"sub": "tag"}])
def test_what_no_report_may_say_is_not_kept(desk: Desk, store: Store, document: dict[str, str]) -> None:
    result = desk.zilu("report", "draft", "save", write(desk, **document), *BY_RUI)
    assert result.exit_code == 2
    assert NUMBER not in result.output
    assert count(store) == 0


def test_after_its_time_it_is_not_to_be_found(desk: Desk) -> None:
    draft = kept(desk, offence="sale")
    desk.clock.move(policy.DRAFT_LIFE)
    desk.tick()
    assert desk.zilu("report", "draft", "show", draft, *BY_RUI).exit_code == 2
    assert desk.zilu("report", "draft", "list", *BY_RUI).stdout == ""
