"""A second listing of the same person does not make the registry forget who was told of the first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from registry.checks.sweep import sweep
from registry.db import Session, Store
from registry.entries.actions import suspend
from registry.entries.models import Entry
from registry.keys.holder import Holder
from registry.policy import CHECK_OPEN, RECALL_ACK
from registry.recalls import actions, queries
from registry.recalls.actions import escalate_due, issue
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from tests.attested import unattested
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check, list_person, people


class Twice:
    """Somebody whom birch asked about, and who was listed twice after that; birch was told each time."""

    def __init__(self, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
        self.store, self.cast, self.clock = store, cast, clock
        (person,) = people(1)
        self.asked = str(check(store, holder, [person], cast.hana.actor, clock()).answers[0]["id"])
        self.entries = []
        for _ in range(2):
            entry = list_person(store, holder, cast, person, clock.move(timedelta(minutes=1)))
            self.entries.append(entry)
            assert [recall.member_id for recall in self.issue(entry, Reason.LISTED)] == ["birch"]
        clock.move(timedelta(minutes=1))

    def issue(self, entry: Entry, reason: Reason) -> list[Recall]:
        with self.store.write() as session:
            return issue(session, session.get_one(Entry, entry.id), reason, self.clock())


@pytest.fixture
def twice(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> Twice:
    return Twice(store, holder, cast, clock)


@pytest.mark.parametrize("which", [0, 1])
def test_either_entry_is_recalled_from_whoever_was_told_of_it(twice: Twice, which: int) -> None:
    twice.clock.move(CHECK_OPEN)
    assert [recall.member_id for recall in twice.issue(twice.entries[which], Reason.VOIDED)] == ["birch"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_member_that_was_sent_a_recall_of_it_knows_an_entry(twice: Twice, which: int) -> None:
    with twice.store.read() as session:
        assert queries.knows(session, member_id="birch", entry_id=twice.entries[which].id)
        assert not queries.knows(session, member_id="cedar", entry_id=twice.entries[which].id)


@pytest.mark.parametrize("which", [0, 1])
def test_the_recall_names_the_check_while_it_is_not_forgotten(twice: Twice, which: int) -> None:
    (recall,) = twice.issue(twice.entries[which], Reason.VOIDED)
    with twice.store.read() as session:
        assert queries.read(session, twice.cast.hana.actor, recall.id).checks == (twice.asked,)


def test_a_recall_names_no_check_that_was_closed_before_the_listing(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (person,) = people(1)
    check(store, holder, [person], cast.hana.actor, clock())
    clock.move(CHECK_OPEN)
    entry = list_person(store, holder, cast, person, clock())
    open_check = check(store, holder, [person], cast.hana.actor, clock()).answers[0]["id"]
    with store.write() as session:
        (recall,) = issue(session, session.get_one(Entry, entry.id), Reason.LISTED, clock())
        assert queries.read(session, cast.hana.actor, recall.id).checks == (open_check,)


def test_a_recall_names_no_check_that_was_asked_after_the_listing_and_shown_nothing(
    twice: Twice, holder: Holder
) -> None:
    now = twice.clock()
    with twice.store.write() as session:
        for entry in twice.entries:
            suspend(session, session.get_one(Entry, entry.id), actor_id="panel", now=now, reason="Appeal.")
    check(twice.store, holder, people(1), twice.cast.hana.actor, now)
    (recall,) = twice.issue(twice.entries[0], Reason.VOIDED)
    with twice.store.read() as session:
        assert queries.read(session, twice.cast.hana.actor, recall.id).checks == (twice.asked,)


def test_a_check_that_was_forgotten_is_not_found_again(twice: Twice) -> None:
    twice.clock.move(CHECK_OPEN)
    with twice.store.write() as session:
        sweep(session, now=twice.clock())
    (recall,) = twice.issue(twice.entries[0], Reason.VOIDED)
    with twice.store.read() as session:
        assert queries.read(session, twice.cast.hana.actor, recall.id).checks == ()


def test_what_is_escalated_is_attested(twice: Twice) -> None:
    twice.clock.move(RECALL_ACK)
    with twice.store.write() as session:
        assert len(escalate_due(session, twice.clock())) == 2
    assert not any(name.startswith("recall:") for name in unattested(twice.store))


@pytest.mark.parametrize("column", ["acknowledged_at", "escalated_at"])
def test_a_recall_that_was_closed_after_it_was_read_is_not_escalated(twice: Twice, column: str) -> None:
    """The object says that it is open; the row decides."""
    now = twice.clock.move(RECALL_ACK)
    with twice.store.write() as session:
        first, second = session.scalars(sa.select(Recall).order_by(Recall.issued_at)).all()
        _behind_its_back(session, first, column, now)
        assert not actions._escalate(session, first, now)
        assert actions._escalate(session, second, now)
        session.rollback()


def _behind_its_back(session: Session, recall: Recall, column: str, now: datetime) -> None:
    change = sa.update(Recall).where(Recall.id == recall.id).values({column: now})
    session.execute(change.execution_options(synchronize_session=False))
