"""What is still being written is its member's alone, sealed, kept for 30 days, and says how much time is left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry import policy
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.reports import drafts, rules
from registry.reports.models import Draft
from registry.reports.rules import Clock
from tests.cast import Cast
from tests.filing import NUMBER

WRITTEN: Mapping[str, Any] = {
    "offence": "sale",
    "narrative": "The courier sold what he exported.",
    "found": {"on": "2026-02-25", "how": ""},
    "contact": {"name": "王小明"},
}


def saved(store: Store, cast: Cast, now: datetime, document: Mapping[str, Any] = WRITTEN) -> drafts.Kept:
    with store.write() as session:
        return drafts.save(session, actor=cast.rui.actor, document=document, now=now)


def test_a_draft_is_kept_as_far_as_it_is_written(store: Store, cast: Cast, now: datetime) -> None:
    draft = saved(store, cast, now).draft
    with store.write() as session:
        kept = drafts.read(session, actor=cast.rui.actor, draft_id=draft.id, now=now)
    assert kept.document == WRITTEN
    assert "王小明".encode() not in draft.sealed_document
    assert kept.until == now + policy.DRAFT_LIFE


def test_an_edit_names_the_version_that_was_read(store: Store, cast: Cast, now: datetime) -> None:
    draft = saved(store, cast, now).draft
    later = now + timedelta(days=1)

    def change() -> drafts.Kept:
        with store.write() as session:
            return drafts.change(
                session, actor=cast.rui.actor, draft_id=draft.id, version=1, document={"basis": "A"}, now=later
            )

    changed = change()
    assert (changed.draft.version, changed.document, changed.until) == (2, {"basis": "A"}, now + policy.DRAFT_LIFE)
    with pytest.raises(Conflict) as refused:
        change()
    assert refused.value.code == "draft-changed"


@pytest.mark.parametrize(("name", "error"), [("ben", NotFound), ("ana", Forbidden), ("rex", Forbidden)])
def test_nobody_but_the_members_reporters_finds_it(
    store: Store, cast: Cast, now: datetime, name: str, error: type[Exception]
) -> None:
    draft = saved(store, cast, now).draft
    with pytest.raises(error), store.write() as session:
        drafts.read(session, actor=cast[name].actor, draft_id=draft.id, now=now)
    with pytest.raises(error), store.write() as session:
        drafts.delete(session, actor=cast[name].actor, draft_id=draft.id, now=now)
    with store.read() as session:
        assert drafts.of_member(session, actor=cast.ben.actor, now=now) == []


def test_a_deleted_draft_is_gone(store: Store, cast: Cast, now: datetime) -> None:
    draft = saved(store, cast, now).draft
    with store.write() as session:
        drafts.delete(session, actor=cast.rui.actor, draft_id=draft.id, now=now)
    with store.read() as session:
        assert list(session.scalars(sa.select(Draft))) == []


def test_after_its_time_it_is_neither_found_nor_there(store: Store, cast: Cast, now: datetime) -> None:
    draft = saved(store, cast, now).draft
    end = now + policy.DRAFT_LIFE
    with store.write() as session:
        assert not drafts.sweep(session, now=end - timedelta(seconds=1))
        with pytest.raises(NotFound):
            drafts.read(session, actor=cast.rui.actor, draft_id=draft.id, now=end)
        assert drafts.of_member(session, actor=cast.rui.actor, now=end) == []
        assert drafts.sweep(session, now=end)
        assert list(session.scalars(sa.select(Draft))) == []


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"tag": "x"}, "document"),
        ({"narrative": f"It is {NUMBER}."}, "narrative"),
        ({"facts": [{"text": NUMBER}]}, "facts[0].text"),
        ({"found": {NUMBER: 1}}, "found"),
        ({"narrative": "x" * 70_000}, "document"),
    ],
)
def test_a_draft_holds_no_number_and_nothing_that_no_report_has(
    store: Store, cast: Cast, now: datetime, document: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        saved(store, cast, now, document)
    assert refused.value.field == field
    assert NUMBER not in refused.value.message


def test_a_member_keeps_no_more_than_so_many(
    store: Store, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "DRAFTS_KEPT", 1)
    saved(store, cast, now)
    with pytest.raises(Conflict, match="1 drafts already"):
        saved(store, cast, now)


@pytest.mark.parametrize(
    ("days", "left"), [(0, Clock.RUNNING), (6, Clock.RUNNING), (7, Clock.ENDING), (10, Clock.ENDING), (11, Clock.OVER)]
)
def test_the_time_to_file_is_counted_from_the_finding(
    store: Store, cast: Cast, now: datetime, days: int, left: Clock
) -> None:
    found = {"on": str((now - timedelta(days=days)).date())}
    assert saved(store, cast, now, {"found": found}).clock is left


@pytest.mark.parametrize("document", [{}, {"found": "yesterday"}, {"found": {"on": "soon"}}])
def test_no_time_is_counted_before_the_finding_is_written_down(
    store: Store, cast: Cast, now: datetime, document: dict[str, Any]
) -> None:
    assert saved(store, cast, now, document).clock is None
