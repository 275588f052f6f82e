"""The person is told of every step that is about them, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry import policy, policy_check
from registry.appeals.listing import list_due
from registry.checks.actions import details
from registry.db import Session, Store
from registry.entries.actions import suspend, void
from registry.entries.models import Entry
from registry.findings.reminders import remind_due
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.notices.models import Message
from registry.policy import News
from registry.recalls.actions import issue
from registry.recalls.rules import Reason
from registry.reports import posting
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER, Filing, tag_of
from tests.listing import check


def test_each_step_puts_word_in_the_outbox(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> None:
    def posted(session: Session) -> list[str]:
        """What waits for the post, by kind; taken there."""
        kinds = []
        for word, _number in posting.waiting(session, actor=cast.cleo.actor):
            assert word.payload == {"type": word.kind}
            kinds.append(word.kind)
            posting.posted(session, actor=cast.cleo.actor, message_id=word.id, proof="XB 1", now=clock())
        return kinds

    filing = Filing(store, cast, holder, clock(), tag_of(holder)).noticed(clock())
    clock.move(policy.RESPONSE_WINDOW - timedelta(days=2))
    with store.write() as session:
        remind_due(session, clock())
        assert posted(session) == ["news.date"]
        remind_due(session, clock())
        assert posted(session) == []
    clock.move(timedelta(days=2))
    with store.write() as session:
        (entry,) = list_due(session, now=clock())
        assert posted(session) == ["news.listed"]
    asked = check(store, holder, [parse(NUMBER)], cast.hana.actor, clock())
    for expected in (["news.released"], []):
        with store.write() as session:
            details(session, actor=cast.hana.actor, check_id=str(asked.answers[0]["id"]), now=clock())
            assert posted(session) == expected
    with store.write() as session:
        entry = session.get_one(Entry, entry.id)
        suspend(session, entry, actor_id="olaf", now=clock(), reason="test")
        assert posted(session) == ["news.changed"]
        void(session, entry, actor_id="olaf", now=clock(), reason="test")
        issue(session, entry, Reason.VOIDED, clock())
        assert posted(session) == ["news.removed"]
    assert filing.number not in str([row.payload for row in all_of(store)])


def all_of(store: Store) -> list[Message]:
    with store.read() as session:
        return session.query(Message).all()


def test_the_policy_says_of_every_kind_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "TELLINGS", {News.LISTED: policy.TELLINGS[News.LISTED]})
    assert any("TELLINGS" in problem for problem in policy_check.problems())
