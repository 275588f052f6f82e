"""The guards that SQLite's single writer would hide: on PostgreSQL, transactions really run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from registry.checks import actions
from registry.checks.models import Allowance, Batch, Check, Ticket
from registry.db import Base, Store
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.identity import tags
from registry.keys.holder import Holder
from registry.members.models import Member
from registry.recalls.actions import issue
from registry.recalls.models import Recall
from registry.recalls.rules import Reason
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import admitted, list_person, people, question
from tests.postgres import cast, pg_server, pg_url, store

__all__ = ["cast", "pg_server", "pg_url", "store"]


@pytest.fixture(autouse=True)
def _budgets_follow_the_headcount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_DAY_AT_LEAST", 0)


def together(jobs: list[Callable[[], object]]) -> list[str]:
    """Run the jobs at once; the sorted names of what they returned or raised."""
    ready, outcomes = threading.Barrier(len(jobs)), list[str]()

    def run(job: Callable[[], object]) -> None:
        ready.wait()
        try:
            outcomes.append(type(job()).__name__)
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def total(store: Store, model: type[Base]) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def ask(
    store: Store,
    holder: Holder,
    cast: Cast,
    clock: MovingClock,
    found: list[bytes],
    ticket: str,
    key: str | None = None,
) -> object:
    with store.write() as session:
        return actions.ask(
            session,
            actor=cast.hana.actor,
            question=question(found),
            ticket=ticket,
            holder=holder,
            now=clock(),
            key=key,
        )


def test_of_batches_at_once_only_those_are_admitted_that_fit_the_budget(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.update(Member).values(headcount=4))  # 6 for one account
    blinded = [tags.blind(person).element for person in people(2)]
    evaluations = [holder.evaluate(member="birch", account="birch-hr", elements=blinded) for _ in range(5)]

    def admit(index: int) -> Callable[[], object]:
        def job() -> object:
            with store.write() as session:
                return actions.admit(
                    session, actor=cast.hana.actor, evaluation=evaluations[index], keys=holder.public(), now=clock()
                )

        return job

    outcomes = together([admit(index) for index in range(5)])
    assert outcomes == ["Ticket"] * 3 + ["TooMany"] * 2
    assert total(store, Ticket) == 3
    with store.read() as session:
        assert {row.used for row in session.scalars(sa.select(Allowance))} == {6}


def test_of_requests_at_once_with_one_ticket_one_is_answered(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(2), cast.hana.actor, clock())
    outcomes = together([lambda: ask(store, holder, cast, clock, found, ticket)] * 4)
    assert outcomes == ["Asked", "Conflict", "Conflict", "Conflict"]
    assert total(store, Check) == 2


def test_of_requests_at_once_under_one_key_one_is_answered_and_the_others_find_it_later(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    paid = [admitted(store, holder, people(2), cast.hana.actor, clock()) for _ in range(4)]
    jobs: list[Callable[[], object]] = [
        lambda found=found, ticket=ticket: ask(store, holder, cast, clock, found, ticket, "once")  # type: ignore[misc]
        for found, ticket in paid
    ]
    assert set(together(jobs)) <= {"Asked", IntegrityError.__name__}
    assert (total(store, Batch), total(store, Check)) == (1, 2)
    assert together(jobs) == ["Asked"] * 4
    assert (total(store, Batch), total(store, Check)) == (1, 2)


def test_an_answer_that_is_being_written_is_not_missed_by_a_recall(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    """Somebody is shown an entry, and before that is committed the entry is voided."""
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock())
    found, ticket = admitted(store, holder, [person], cast.hana.actor, clock())

    def suspend() -> None:
        with store.write() as session:
            row = session.get_one(Entry, entry.id)
            entries.suspend(session, row, actor_id="system:test", now=clock(), reason="appeal")
            issue(session, row, Reason.SUSPENDED, clock())

    changing = threading.Thread(target=suspend)
    with store.write() as session:
        asked = actions.ask(
            session,
            actor=cast.hana.actor,
            question=question(found),
            ticket=ticket,
            holder=holder,
            now=clock(),
        )
        changing.start()
        while changing.is_alive() and not _somebody_waits(store):
            pass
    changing.join()
    assert asked.answers[0]["outcome"] == "entry"
    assert total(store, Recall) == 1


def _somebody_waits(store: Store) -> bool:
    with store.engine.connect() as connection:
        waiting = connection.execute(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
    return bool(waiting)
