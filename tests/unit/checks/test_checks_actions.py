from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import vault
from registry.access import Actor
from registry.checks import actions, budgets, queries
from registry.checks.models import Allowance, Batch, Burst, Check, Ticket
from registry.checks.rules import Duty, Outcome
from registry.checks.sweep import sweep
from registry.db import Store
from registry.entries import actions as entries
from registry.entries.models import Entry
from registry.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from registry.identity import tags
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.log.models import Act
from registry.members.models import Member, Standing
from registry.policy import CHECK_KEPT_HIRED, CHECK_OPEN, DAY, TICKET_LIFE
from registry.signing import canonical, keys, receipt
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.listing import CONSENT, admitted, check, list_person, people, question, tags_of

RECEIPT_KEY = keys.generate()


@pytest.fixture(autouse=True)
def _budgets_follow_the_headcount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_DAY_AT_LEAST", 0)


def count(store: Store, model: type) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def allowances(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {row.scope: row.used for row in session.scalars(sa.select(Allowance))}


def set_headcount(store: Store, member: str, headcount: int) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.update(Member).where(Member.id == member).values(headcount=headcount))


# Asking.


def test_everybody_is_answered_in_order_and_only_a_listed_person_is_an_entry(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    three = people(3)
    entry = list_person(store, holder, cast, three[1], clock())
    asked = check(store, holder, three, cast.hana.actor, clock())
    assert [answer["outcome"] for answer in asked.answers] == ["no-entry", "entry", "no-entry"]
    assert [answer["reference"] for answer in asked.answers] == [None, entry.id, None]
    with store.read() as session:
        rows = queries.checks_of(session, session.get_one(Batch, asked.batch.id))
        assert [row.id for row in rows] == [answer["id"] for answer in asked.answers]
        assert {row.closes_at for row in rows} == {clock() + CHECK_OPEN}


@pytest.mark.parametrize("when", [timedelta(days=-1), timedelta(days=365)])
def test_an_entry_is_not_seen_before_its_first_and_from_its_last_moment(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, when: timedelta
) -> None:
    (person,) = people(1)
    list_person(store, holder, cast, person, clock())
    clock.move(when)
    (answer,) = check(store, holder, [person], cast.hana.actor, clock()).answers
    assert answer["outcome"] == "no-entry"


def test_the_database_holds_handles_and_never_a_tag(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (person,) = people(1)
    (tag,), _ = tags_of(holder, [person], cast.hana.actor)
    check(store, holder, [person], cast.hana.actor, clock(), key="k")
    with store.read() as session:
        row = session.scalars(sa.select(Check)).one()
        assert row.handle == tags.handle(session.keyring.pepper, tag)
    store.engine.dispose()
    content = b"".join(path.read_bytes() for path in store_files(store))
    assert tag not in content
    assert person.number.encode() not in content


def store_files(store: Store) -> list[Path]:
    path = Path(str(store.engine.url.database))
    return list(path.parent.glob(path.name + "*"))


def test_the_consent_is_kept_sealed_and_whole(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    asked = check(store, holder, people(1), cast.hana.actor, clock())
    with store.read() as session:
        batch = session.get_one(Batch, asked.batch.id)
        sealed = vault.open_sealed(
            session.keyring.vault_key, batch.sealed_consent, table="batch", row=batch.id, column="sealed_consent"
        )
    assert canonical.loads(sealed) == CONSENT


@pytest.mark.parametrize("name", ["rui", "ana", "rex", "olaf", "sol", "adam"])
def test_only_checkers_ask(store: Store, holder: Holder, cast: Cast, clock: MovingClock, name: str) -> None:
    found, ticket = tags_of(holder, people(1), cast[name].actor)
    with store.write() as session, pytest.raises(Forbidden):
        actions.ask(
            session, actor=cast[name].actor, question=question(found), ticket=ticket, holder=holder, now=clock()
        )


def test_a_suspended_member_neither_evaluates_nor_asks(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    suspended = dataclasses.replace(cast.hana.actor, standing=Standing.SUSPENDED)
    with pytest.raises(Forbidden):
        check(store, holder, people(1), suspended, clock())


# Tickets.


def ask_with(
    store: Store, holder: Holder, actor: Actor, ticket: str, found: list[bytes], clock: MovingClock
) -> actions.Asked:
    with store.write() as session:
        return actions.ask(session, actor=actor, question=question(found), ticket=ticket, holder=holder, now=clock())


def test_a_ticket_is_good_for_as_many_tags_as_it_paid_for(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(3), cast.hana.actor, clock())
    ask_with(store, holder, cast.hana.actor, ticket, found[:2], clock)
    with pytest.raises(Conflict) as refused:
        ask_with(store, holder, cast.hana.actor, ticket, found[:2], clock)
    assert refused.value.code == "ticket-spent"
    ask_with(store, holder, cast.hana.actor, ticket, found[2:], clock)
    with pytest.raises(Conflict):
        ask_with(store, holder, cast.hana.actor, ticket, found[2:], clock)
    assert count(store, Check) == 3


def test_a_ticket_that_no_budget_paid_for_is_refused(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = tags_of(holder, people(1), cast.hana.actor)
    with pytest.raises(Conflict):
        ask_with(store, holder, cast.hana.actor, ticket, found, clock)


def test_another_accounts_ticket_is_refused(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    found, ticket = admitted(store, holder, people(1), cast.ben.actor, clock())
    with pytest.raises(Invalid) as refused:
        ask_with(store, holder, cast.hana.actor, ticket, found, clock)
    assert refused.value.code == "ticket-wrong"


def test_a_ticket_is_over_after_a_quarter_of_an_hour(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(1), cast.hana.actor, clock())
    clock.move(TICKET_LIFE)
    with pytest.raises(Invalid) as refused:
        ask_with(store, holder, cast.hana.actor, ticket, found, clock)
    assert refused.value.code == "ticket-expired"


def test_the_row_refuses_an_expired_ticket_even_if_its_signature_would_do(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(1), cast.hana.actor, clock())
    with store.engine.begin() as connection:
        connection.execute(sa.update(Ticket).values(expires_at=clock()))
    with pytest.raises(Conflict):
        ask_with(store, holder, cast.hana.actor, ticket, found, clock)


@pytest.mark.parametrize("ticket", ["", "no ticket", "a.b.c"])
def test_what_is_no_ticket_is_refused_without_being_repeated(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, ticket: str
) -> None:
    found, _ = tags_of(holder, people(1), cast.hana.actor)
    with pytest.raises(Invalid) as refused:
        ask_with(store, holder, cast.hana.actor, ticket, found, clock)
    assert refused.value.field == "ticket"
    assert "no ticket" not in refused.value.message


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs at once; what each returned or raised."""
    ready, outcomes = threading.Barrier(len(jobs)), list[object]()

    def run(job: Callable[[], object]) -> None:
        ready.wait()
        try:
            outcomes.append(job())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_two_requests_at_once_with_one_ticket_one_is_answered(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(2), cast.hana.actor, clock())
    outcomes = together(*2 * [lambda: ask_with(store, holder, cast.hana.actor, ticket, found, clock)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Asked", "Conflict"]
    assert count(store, Check) == 2


def test_the_spending_is_decided_in_the_row_and_not_by_what_was_read(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(1), cast.hana.actor, clock())
    with store.write() as session:
        stale = session.scalars(sa.select(Ticket)).one()
        session.execute(sa.update(Ticket).values(used=1).execution_options(synchronize_session=False))
        assert stale.used == 0
        with pytest.raises(Conflict):
            actions.ask(
                session,
                actor=cast.hana.actor,
                question=question(found),
                ticket=ticket,
                holder=holder,
                now=clock(),
            )
        session.rollback()


# Budgets.


def test_each_element_counts_for_the_account_its_unit_and_its_member(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    hana = cast.hana.actor
    admitted(store, holder, people(3), hana, clock())
    admitted(store, holder, people(2), cast.ben.actor, clock())
    assert allowances(store) == {
        "account:birch-hr": 3,
        "account:birch-security": 2,
        f"unit:{hana.unit_id}": 5,
        "member:birch": 5,
    }


def test_a_batch_beyond_the_budget_is_refused_whole_and_told_when_to_come_again(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    set_headcount(store, "birch", 4)  # 8 a day, 6 of them for one account
    admitted(store, holder, people(5), cast.hana.actor, clock())
    with pytest.raises(TooMany) as refused:
        admitted(store, holder, people(2), cast.hana.actor, clock())
    assert refused.value.retry_after == 15 * 3600 + 1
    assert allowances(store)["account:birch-hr"] == 5
    admitted(store, holder, people(1), cast.hana.actor, clock())
    clock.move(DAY)
    admitted(store, holder, people(6), cast.hana.actor, clock())


def test_a_batch_beyond_the_budget_is_refused_before_the_key_holder_is_asked(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    set_headcount(store, "birch", 4)
    with store.read() as session, pytest.raises(TooMany):
        actions.require_evaluation(
            session,
            actor=cast.hana.actor,
            key_id=holder.public().key_id,
            units=7,
            keys=holder.public(),
            now=clock(),
        )


def test_an_evaluation_is_not_handed_to_whoever_may_not_have_it(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    lin = cast.lin.actor
    element = tags.blind(people(1)[0]).element
    evaluation = holder.evaluate(member=lin.member_id, account=lin.id, elements=[element])
    set_headcount(store, lin.member_id, 100)
    with store.write() as session, pytest.raises(Forbidden):
        actions.admit(session, actor=lin, evaluation=evaluation, keys=holder.public(), now=clock())
    assert count(store, Ticket) == 0


@pytest.mark.parametrize(("first", "second"), [("hana", "hana"), ("hana", "ben")])
def test_accounts_and_units_have_ceilings_of_their_own(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, first: str, second: str
) -> None:
    set_headcount(store, "birch", 4)
    admitted(store, holder, people(4), cast[first].actor, clock())
    with pytest.raises(TooMany, match=r"your (account|unit)"):
        admitted(store, holder, people(3), cast[second].actor, clock())


def charged(store: Store, actor: Actor, units: int, clock: MovingClock) -> None:
    with store.write() as session:
        budgets.charge(session, actor=actor, units=units, now=clock())
        record(session, "identity.evaluate", actor=actor.id, now=clock())


def test_who_has_used_up_the_stroke_is_told_the_second_from_which_the_batch_fits(
    store: Store, cast: Cast, clock: MovingClock
) -> None:
    set_headcount(store, "birch", 3_000)  # 4,500 a day for the account, 3,000 of them at one stroke
    hana = cast.hana.actor
    charged(store, hana, 2_500, clock)
    before = allowances(store)
    with store.read() as session, pytest.raises(TooMany) as early:
        budgets.require(session, actor=hana, units=1_000, now=clock())
    with pytest.raises(TooMany, match="your account may have 3000 evaluations at one stroke") as refused:
        charged(store, hana, 1_000, clock)
    assert refused.value.retry_after == early.value.retry_after == 8 * 3600 * 500 // 3_000
    assert allowances(store) == before
    charged(store, hana, 500, clock)
    clock.move(timedelta(seconds=8 * 3600 * 1_000 // 3_000 - 1))
    with pytest.raises(TooMany, match="stroke") as refused:
        charged(store, hana, 1_000, clock)
    clock.move(timedelta(seconds=refused.value.retry_after))
    charged(store, hana, 1_000, clock)


def test_midnight_gives_no_second_stroke(store: Store, cast: Cast, clock: MovingClock) -> None:
    set_headcount(store, "birch", 3_000)
    clock.move(timedelta(hours=14, minutes=59))
    charged(store, cast.hana.actor, 3_000, clock)
    clock.move(timedelta(minutes=2))
    with pytest.raises(TooMany, match="stroke"):
        charged(store, cast.hana.actor, 100, clock)
    with pytest.raises(TooMany, match="your unit"):  # nor to a colleague of the same unit
        charged(store, cast.ben.actor, 100, clock)


def test_of_two_batches_at_once_the_stroke_lets_one_through(store: Store, cast: Cast, clock: MovingClock) -> None:
    set_headcount(store, "birch", 3_000)
    charge = partial(charged, store, cast.hana.actor, 1_600, clock)
    outcomes = together(charge, charge)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "TooMany"]
    with store.read() as session:
        found = {row.scope: row.full_at for row in session.scalars(sa.select(Burst))}
    assert found["account:birch-hr"] == clock() + timedelta(hours=8) * 1_600 / 3_000


def test_a_member_as_a_whole_has_a_ceiling(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    set_headcount(store, "birch", 4)
    elsewhere = dataclasses.replace(cast.ben.actor, unit_id="another-unit")
    admitted(store, holder, people(6), cast.hana.actor, clock())
    with pytest.raises(TooMany, match="your member"):
        admitted(store, holder, people(3), elsewhere, clock())


def test_an_evaluation_that_came_when_the_budget_was_gone_is_not_handed_out(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    set_headcount(store, "birch", 2)
    _, first = tags_of(holder, people(2), cast.hana.actor)
    with store.write() as session:
        budgets.charge(session, actor=cast.hana.actor, units=2, now=clock())
        with pytest.raises(TooMany):
            budgets.charge(session, actor=cast.hana.actor, units=2, now=clock())
        session.rollback()
    assert first


def test_of_two_batches_at_once_that_do_not_both_fit_one_is_admitted(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    set_headcount(store, "birch", 4)
    evaluations = [
        holder.evaluate(member="birch", account="birch-hr", elements=[tags.blind(p).element for p in people(4)])
        for _ in range(2)
    ]

    def admit(index: int) -> object:
        with store.write() as session:
            return actions.admit(
                session, actor=cast.hana.actor, evaluation=evaluations[index], keys=holder.public(), now=clock()
            )

    outcomes = together(lambda: admit(0), lambda: admit(1))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Ticket", "TooMany"]
    assert allowances(store)["account:birch-hr"] == 4
    assert count(store, Ticket) == 1


def test_an_evaluation_under_another_key_is_refused_before_anything_is_counted(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    with store.read() as session, pytest.raises(Conflict) as refused:
        actions.require_evaluation(
            session, actor=cast.hana.actor, key_id="0" * 16, units=1, keys=holder.public(), now=clock()
        )
    assert refused.value.code == "key-outdated"


@pytest.mark.parametrize("name", ["rex", "olaf", "sol", "cleo", "cem"])
def test_only_members_that_check_or_report_evaluate(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, name: str
) -> None:
    with pytest.raises(Forbidden):
        admitted(store, holder, people(1), cast[name].actor, clock())


# Retries.


def receipt_of(store: Store, asked: actions.Asked) -> str:
    with store.read() as session:
        batch = session.get_one(Batch, asked.batch.id)
        return queries.receipt(session, batch, issuer=ISSUER, key=RECEIPT_KEY)


def test_a_retry_gets_the_same_answers_and_receipt_and_costs_nothing(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    two = people(2)
    entry = list_person(store, holder, cast, two[0], clock())
    first = check(store, holder, two, cast.hana.actor, clock(), key="once")
    clock.move(timedelta(hours=1))
    with store.write() as session:
        entries.suspend(
            session, session.get_one(Entry, entry.id), actor_id="system:test", now=clock(), reason="meanwhile"
        )
    found, ticket = admitted(store, holder, two, cast.hana.actor, clock())
    with store.write() as session:
        again = actions.ask(
            session,
            actor=cast.hana.actor,
            question=question(found),
            ticket=ticket,
            holder=holder,
            now=clock(),
            key="once",
        )
    assert (again.answers, again.batch.id) == (first.answers, first.batch.id)
    assert receipt_of(store, again) == receipt_of(store, first)
    assert (count(store, Check), count(store, Batch)) == (2, 1)
    ask_with(store, holder, cast.hana.actor, ticket, found, clock)  # the retry has not touched its ticket


def test_a_retry_needs_no_ticket_that_is_still_good(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    found, ticket = admitted(store, holder, people(1), cast.hana.actor, clock())
    for _ in range(2):
        with store.write() as session:
            actions.ask(
                session,
                actor=cast.hana.actor,
                question=question(found),
                ticket=ticket,
                holder=holder,
                now=clock(),
                key="once",
            )
        clock.move(TICKET_LIFE)
    assert count(store, Check) == 1


def test_one_key_for_two_questions_is_refused(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    check(store, holder, people(1), cast.hana.actor, clock(), key="once")
    with pytest.raises(Invalid) as refused:
        check(store, holder, people(2), cast.hana.actor, clock(), key="once")
    assert refused.value.code == "idempotency-key-reused"
    assert count(store, Check) == 1


def test_without_a_key_the_same_question_is_a_new_one(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    first, second = (check(store, holder, people(1), cast.hana.actor, clock()) for _ in range(2))
    assert first.batch.id != second.batch.id


# Receipts.


def test_the_receipt_verifies_for_these_answers_and_opens_the_act_that_was_logged(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    asked = check(store, holder, people(2), cast.hana.actor, clock())
    found = receipt.verify(
        receipt_of(store, asked), answers=asked.answers, registry_key=RECEIPT_KEY.public_key(), member="birch"
    )
    record = canonical.loads(found.record)
    assert (record["verb"], record["actor"], record["act"]) == ("check.ask", "birch-hr", asked.batch.act)
    assert record["facts"]["consent"] == CONSENT
    with store.read() as session:
        assert session.scalars(sa.select(Act.commitment).where(Act.uid == asked.batch.act)).one() == found.leaf


def test_the_receipt_of_other_answers_does_not_verify(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    asked = check(store, holder, people(2), cast.hana.actor, clock())
    swapped = [asked.answers[1], asked.answers[0]]
    with pytest.raises(Invalid):
        receipt.verify(receipt_of(store, asked), answers=swapped, registry_key=RECEIPT_KEY.public_key())


def test_a_receipt_has_no_proof_before_the_log_is_sequenced(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    asked = check(store, holder, people(1), cast.hana.actor, clock())
    with store.read() as session:
        assert queries.proof(session, session.get_one(Batch, asked.batch.id)) == (None, None)


def test_another_members_batch_is_not_to_be_found(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    asked = check(store, holder, people(1), cast.hana.actor, clock())
    stranger = dataclasses.replace(cast.hana.actor, member_id="cedar")
    with store.read() as session, pytest.raises(NotFound):
        queries.require_batch(session, stranger, asked.batch.id)


# Details.


def details(store: Store, actor: Actor, check_id: str | None, clock: MovingClock) -> queries.Details:
    with store.write() as session:
        return actions.details(session, actor=actor, check_id=str(check_id), now=clock())


def test_what_a_hit_says_is_read_by_the_member_that_asked_and_every_look_is_an_act(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock(), statement="It was not me.")
    (answer,) = check(store, holder, [person], cast.hana.actor, clock()).answers
    for looks in (1, 2):
        found = details(store, cast.hana.actor, answer["id"], clock)
        assert (found.state, found.offence, found.level, found.basis) == ("listed", "sale", 2, "B")
        assert found.statement == "It was not me."
        assert Duty.NAMED_PERSON in found.duties
        with store.read() as session:
            acts = session.scalars(sa.select(Act).where(Act.case_id == entry.case_id)).all()
        assert len(acts) == 2 + looks  # listed, shown


def test_a_statement_stands_in_no_repr(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    (person,) = people(1)
    list_person(store, holder, cast, person, clock(), statement="It was not me.")
    (answer,) = check(store, holder, [person], cast.hana.actor, clock()).answers
    assert "not me" not in repr(details(store, cast.hana.actor, answer["id"], clock))


def test_another_member_finds_no_such_check(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    (person,) = people(1)
    list_person(store, holder, cast, person, clock())
    (answer,) = check(store, holder, [person], cast.hana.actor, clock()).answers
    stranger = dataclasses.replace(cast.hana.actor, member_id="cedar")
    for actor, check_id in ((stranger, answer["id"]), (cast.hana.actor, "0" * 32), (cast.rui.actor, answer["id"])):
        with pytest.raises(NotFound):
            details(store, actor, check_id, clock)


def test_there_is_nothing_to_read_about_a_person_who_is_not_listed(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (answer,) = check(store, holder, people(1), cast.hana.actor, clock()).answers
    with pytest.raises(NotFound) as refused:
        details(store, cast.hana.actor, answer["id"], clock)
    assert refused.value.code == "no-entry"


@pytest.mark.parametrize("change", ["suspend", "expire"])
def test_of_an_entry_that_is_not_shown_any_more_only_the_state_is_told(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock, change: str
) -> None:
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock(), statement="It was not me.")
    (answer,) = check(store, holder, [person], cast.hana.actor, clock()).answers
    if change == "suspend":
        with store.write() as session:
            entries.suspend(
                session, session.get_one(Entry, entry.id), actor_id="system:test", now=clock(), reason="appeal"
            )
    else:
        clock.move(timedelta(days=365))
    found = details(store, cast.hana.actor, answer["id"], clock)
    assert found.state == {"suspend": "suspended", "expire": "expired"}[change]
    assert (found.offence, found.level, found.basis, found.until, found.statement) == (None,) * 5
    assert found.duties == (Duty.FORGET,)


# What is not needed any more.


def test_the_sweep_forgets_tickets_past_days_and_whom_closed_checks_were_about(
    store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    check(store, holder, people(2), cast.hana.actor, clock())
    check(store, holder, people(1), cast.hana.actor, clock(), purpose="present-staff")
    with store.write() as session:
        assert sweep(session, now=clock()) == 0
    clock.move(CHECK_OPEN)
    with store.write() as session:
        assert sweep(session, now=clock()) == 2 + 3 + 3 + 2
    with store.read() as session:
        handles = {row.handle is None for row in session.scalars(sa.select(Check))}
    assert handles == {True, False}
    clock.move(CHECK_KEPT_HIRED - CHECK_OPEN)
    with store.write() as session:
        assert sweep(session, now=clock()) == 1
        assert sweep(session, now=clock()) == 0
    with store.read() as session:
        left = session.scalars(sa.select(Check)).all()
    assert [(row.handle, row.outcome) for row in left] == [(None, Outcome.NO_ENTRY)] * 3
