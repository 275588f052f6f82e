"""An order that its authority withdraws: both sides sign the same words, and what it did is undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from registry import base64url
from registry.entries import places
from registry.entries.models import Place
from registry.entries.trees import Trees
from registry.errors import Conflict, Forbidden, Invalid
from registry.log.sequencer import sequence
from registry.notices.models import Message
from registry.notices.rules import Channel
from registry.orders.models import Order
from registry.orders.rules import State
from registry.policy import CONFIRMED_WITHIN
from registry.signing import keys
from tests.attested import unattested
from tests.authorities import Authority
from tests.unit.orders.test_orders import DAY, Court, court

__all__ = ["court"]


def in_force(court: Court, instruction: str = "suspend", **how: Any) -> Order:
    return court.operator.confirm(court.regulator.issue(court.number, instruction, court.clock(), **how), court.clock())


def news(court: Court) -> list[str]:
    """What has been put on its way to the person."""
    with court.store.read() as session:
        told = session.query(Message).filter(Message.channel == Channel.POST, Message.kind.startswith("news."))
        return [message.kind for message in told]


def test_both_sides_lift_it_and_everyone_is_told(court: Court) -> None:
    kept, key = Trees(), keys.generate()

    def is_there() -> bool:
        sequence(court.store, key=key, origin="a/log", now=court.clock(), closing=places.closing(kept))
        with court.store.read() as session:
            return session.query(Place).filter(Place.before.is_(None)).count() == 1

    order = in_force(court)
    assert news(court) == ["news.changed"]
    assert not is_there()
    court.clock.move(DAY)
    assert court.regulator.withdraw(order, court.clock()).state is State.IN_FORCE
    assert court.regulator.withdraw(order, court.clock(), reference="again").state is State.IN_FORCE
    assert not court.is_shown()
    assert court.operator.withdraw(order, court.clock()).state is State.LIFTED
    assert court.is_shown()
    assert is_there()
    assert court.case().hidden_until is None
    assert court.recalls() == ["suspended", "listed"]
    assert court.tick(30 * DAY) == []
    assert unattested(court.store) == set()


def test_the_person_is_told_again_when_it_is_shown_again(court: Court) -> None:
    order = in_force(court)
    with court.store.engine.begin() as raw:  # the first word has been delivered
        raw.exec_driver_sql("UPDATE message SET delivered_at = written_at WHERE kind LIKE 'news.%'")
    court.clock.move(DAY)
    for side in (court.operator, court.regulator):
        side.withdraw(order, court.clock())
    assert news(court) == ["news.changed"] * 2


def test_the_person_is_told_when_it_ends_by_itself(court: Court) -> None:
    court.regulator.issue(court.number, "suspend", court.clock())
    with court.store.engine.begin() as raw:
        raw.exec_driver_sql("UPDATE message SET delivered_at = written_at WHERE kind LIKE 'news.%'")
    court.tick(CONFIRMED_WITHIN)
    assert news(court) == ["news.changed"] * 2


def test_what_another_order_hides_stays_hidden(court: Court) -> None:
    short, long = in_force(court, days=10), in_force(court, days=30)
    for side in (court.regulator, court.operator):
        side.withdraw(long, court.clock())
    assert not court.is_shown()
    assert court.case().hidden_until == court.entry().hidden_until == short.until
    assert court.recalls() == ["suspended"]


def test_what_is_not_preserved_any_more_may_be_erased(court: Court) -> None:
    order = in_force(court, "preserve", days=200)
    for side in (court.regulator, court.operator):
        side.withdraw(order, court.clock())
    assert court.case().preserved_until is None
    assert court.recalls() == []


def test_the_two_sides_say_the_same(court: Court) -> None:
    order = in_force(court)
    court.regulator.withdraw(order, court.clock())
    with pytest.raises(Conflict, match="as the other side has signed") as refused:
        court.operator.withdraw(order, court.clock(), reference="another")
    assert refused.value.code == "words-differ"
    assert not court.is_shown()


def test_only_what_is_in_force_is_lifted(court: Court) -> None:
    waiting = court.regulator.issue(court.number, "suspend", court.clock())
    with pytest.raises(Conflict, match="it lapses by itself at 2026-03-05 09:00 UTC"):
        court.regulator.withdraw(waiting, court.clock())
    over = in_force(court, days=4)
    court.clock.move(timedelta(days=4))
    for tick in (False, True):
        if tick:
            court.tick(timedelta())
        with pytest.raises(Conflict, match="over already"):
            court.regulator.withdraw(over, court.clock())


def test_it_is_of_this_order_and_by_one_of_the_two(court: Court) -> None:
    order = in_force(court)
    with pytest.raises(Invalid, match="order must be"):
        court.regulator.withdraw(order, court.clock(), order=base64url.encode(bytes(32)))
    with pytest.raises(Invalid, match="ground"):
        court.regulator.withdraw(order, court.clock(), ground="")
    with pytest.raises(Forbidden):
        Authority(court.store, court.cast.rui.actor, court.regulator.key).withdraw(order, court.clock())
