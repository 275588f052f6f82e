"""Orders: two sides sign; hiding takes one, for 72 hours; dates do the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from registry import policy
from registry.access import Actor
from registry.cases.models import Case
from registry.checks.models import Check
from registry.checks.sweep import sweep
from registry.db import Store
from registry.entries import places
from registry.entries.models import Entry, Place
from registry.entries.queries import shown, visible
from registry.entries.trees import Trees
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.orders import actions
from registry.orders.models import Order
from registry.orders.rules import State
from registry.recalls.models import Recall
from registry.signing import keys
from tests.attested import unattested
from tests.authorities import Authority, authorities
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.listing import check, list_person, people

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Court:
    """A listed person whom birch has checked, and the two who sign."""

    def __init__(self, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
        self.store, self.cast, self.clock = store, cast, clock
        self.regulator, self.operator = authorities(store, cast, clock())
        self.entry_id = list_person(store, holder, cast, people(1)[0], clock()).id
        check(store, holder, people(1), cast.hana.actor, clock())
        with store.read() as session:
            self.number = session.get_one(Case, self.entry().case_id).number

    def entry(self) -> Entry:
        with self.store.read() as session:
            return session.get_one(Entry, self.entry_id)

    def case(self) -> Case:
        with self.store.read() as session:
            return session.get_one(Case, self.entry().case_id)

    def is_shown(self) -> bool:
        """To a checker, by both ways that the code asks."""
        entry = self.entry()
        assert entry.handle is not None
        with self.store.read() as session:
            found = visible(session, [entry.handle], self.clock())
        assert bool(found) is shown(entry, self.clock())
        return bool(found)

    def tick(self, by: timedelta) -> list[Order]:
        self.clock.move(by)
        with self.store.write() as session:
            return actions.run_clocks(session, self.clock())

    def recalls(self) -> list[str]:
        with self.store.read() as session:
            return [row.reason.value for row in session.query(Recall).order_by(Recall.issued_at, Recall.id)]


@pytest.fixture
def court(store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> Court:
    return Court(store, holder, cast, clock)


def test_a_regulator_hides_at_once_and_it_lapses_without_the_operator(court: Court) -> None:
    court.regulator.issue(court.number, "suspend", court.clock())
    assert not court.is_shown()
    assert court.recalls() == ["suspended"]
    assert court.tick(policy.CONFIRMED_WITHIN - SECOND) == []
    assert not court.is_shown()
    (lapsed,) = court.tick(SECOND)
    assert lapsed.state is State.LAPSED
    assert court.is_shown()
    assert court.recalls() == ["suspended", "listed"]
    assert court.tick(DAY) == []
    assert unattested(court.store) == set()


def test_the_snapshots_follow_what_is_shown(court: Court) -> None:
    kept, key = Trees(), keys.generate()

    def is_there() -> bool:
        sequence(court.store, key=key, origin="a/log", now=court.clock(), closing=places.closing(kept))
        with court.store.read() as session:
            return session.query(Place).filter(Place.before.is_(None)).count() == 1

    assert is_there()
    court.regulator.issue(court.number, "suspend", court.clock())
    assert not is_there()
    court.tick(policy.CONFIRMED_WITHIN)
    assert is_there()


def test_confirmed_it_hides_until_its_date(court: Court) -> None:
    order = court.operator.confirm(court.regulator.issue(court.number, "suspend", court.clock()), court.clock())
    assert order.state is State.IN_FORCE
    assert court.tick(30 * DAY - SECOND) == []
    assert not court.is_shown()
    (ended,) = court.tick(SECOND)
    assert ended.state is State.ENDED
    assert court.is_shown()
    assert court.recalls() == ["suspended", "listed"]


def test_the_operator_alone_hides_nothing(court: Court) -> None:
    order = court.operator.issue(court.number, "suspend", court.clock())
    assert court.is_shown()
    court.regulator.confirm(order, court.clock())
    assert not court.is_shown()


def test_neither_confirms_its_own(court: Court) -> None:
    for side in (court.regulator, court.operator):
        order = side.issue(court.number, "preserve", court.clock())
        with pytest.raises(Forbidden, match="the other side"):
            side.confirm(order, court.clock())


def test_a_confirmation_is_of_these_words_and_in_time(court: Court) -> None:
    one = court.regulator.issue(court.number, "suspend", court.clock())
    other = court.regulator.issue(court.number, "preserve", court.clock())
    with pytest.raises(Invalid, match="order must be"):
        court.operator.confirm(Order(id=one.id, statement_digest=other.statement_digest), court.clock())
    court.clock.move(policy.CONFIRMED_WITHIN)
    with pytest.raises(Conflict, match="time to confirm"):
        court.operator.confirm(one, court.clock())


def test_the_same_order_again_is_the_same_order(court: Court) -> None:
    now = court.clock()
    token = court.regulator.order(court.number, "preserve", now)

    def issue(statement: str) -> Order:
        with court.store.write() as session:
            actor = court.regulator.actor
            return actions.issue(session, actor=actor, statement=statement, issuer=ISSUER, now=now)

    assert issue(token).id == issue(token).id
    jti = court.regulator.order(court.number, "suspend", now, jti="one")
    issue(jti)
    with pytest.raises(Conflict, match="jti"):
        issue(court.regulator.order(court.number, "preserve", now, jti="one"))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"instruction": "delete"}, Invalid),
        ({"case": "ZL-0000-0000"}, NotFound),
        ({"iss": "acme"}, Invalid),
        ({"aud": "elsewhere"}, Invalid),
        ({"iat": 0}, Invalid),
        ({"until": 0}, Invalid),
        ({"days": 3651}, Invalid),
        ({"ground": ""}, Invalid),
        ({"more": "1"}, Invalid),
    ],
)
def test_bad_orders_are_refused(court: Court, changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        court.regulator.issue(changes.pop("case", court.number), "suspend", court.clock(), **changes)
    assert court.is_shown()


@pytest.mark.parametrize("who", ["rui", "cleo", "cem", "vera", "hana"])
def test_nobody_else_signs_orders(court: Court, who: str) -> None:
    actor: Actor = court.cast[who].actor
    with pytest.raises(Forbidden):
        Authority(court.store, actor, court.regulator.key).issue(court.number, "suspend", court.clock())


def test_a_preserved_check_keeps_its_handle(court: Court, holder: Holder) -> None:
    order = court.regulator.issue(court.number, "preserve", court.clock(), days=200)
    assert court.case().preserved_until == court.clock() + policy.CONFIRMED_WITHIN
    court.operator.confirm(order, court.clock())
    check(court.store, holder, people(3)[1:], court.cast.hana.actor, court.clock())
    assert [_known(court, after) for after in (policy.CHECK_KEPT - SECOND, SECOND, 110 * DAY)] == [3, 1, 0]


def _known(court: Court, after: timedelta) -> int:
    """How many checks the registry still knows the person of, so much later."""
    with court.store.write() as session:
        sweep(session, now=court.clock.move(after))
    with court.store.read() as session:
        return session.query(Check).filter(Check.handle.is_not(None)).count()
