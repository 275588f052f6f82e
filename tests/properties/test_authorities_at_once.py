"""Two people at the same moment, after the listing: exactly one wins, the other is told why. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry.amendments import actions as amendments
from registry.cases.models import Step
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.rules import State as EntryState
from registry.erasures.actions import execute
from registry.erasures.models import Erasure
from registry.errors import ZiluError
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.orders import actions as orders
from registry.policy import RESPONSE_WINDOW
from registry.recalls import actions as recalls
from registry.recalls.models import Recall
from registry.reviews.models import Review
from tests.at_once import Both, at_once, both, errors, pg_server, pg_url
from tests.conftest import ISSUER, MovingClock
from tests.filing import NUMBER, Filing, tag_of
from tests.house import House
from tests.properties import amendment_verbs, appeal_verbs, authority_verbs, filing_verbs
from tests.properties.trial import VERBS, Trial

__all__ = ["both", "pg_server", "pg_url"]
MODULES = (filing_verbs, amendment_verbs, appeal_verbs, authority_verbs)  # whose verbs VERBS has
HOUR = timedelta(hours=1)


class Court:
    """A case that is listed and that birch was shown; `act` is a verb by somebody, for a transaction to come."""

    def __init__(self, house: House) -> None:
        self.house = house
        filing = Filing(house.store, house.cast, house.holder, house.clock(), tag_of(house.holder))
        filing.noticed(house.clock())
        house.pass_time(RESPONSE_WINDOW)
        self.trial = Trial(house, [(filing.tag, parse(NUMBER))], [filing.case_id])
        self.do("check", "hana")

    def act(self, name: str, who: str, dice: int = 0) -> Callable[[Session], object]:
        return lambda session: VERBS[name](self.trial, session, self.house.cast[who], 0, dice)

    def do(self, name: str, who: str, dice: int = 0) -> None:
        with self.house.store.write() as session:
            self.act(name, who, dice)(session)

    def acknowledge(self, session: Session) -> object:
        """The one recall, also once it is acknowledged."""
        recall, hana = session.scalars(sa.select(Recall)).one(), self.house.cast.hana.actor
        said: dict[str, Any] = {"recall_id": recall.id, "statement": None, "issuer": ISSUER}
        return recalls.acknowledge(session, actor=hana, now=self.house.clock(), **said)

    def one_wins(self, *acts: Callable[[Session], object]) -> None:
        """The others have a sentence for it, and nothing that they wrote is left: the log says what is there."""
        refused = errors(at_once(self.house.store, *acts))
        assert len(refused) == len(acts) - 1
        assert all(not isinstance(error, ZiluError) or error.message for error in refused)
        assert [str(breach) for breach in self.house.judged().breaches] == []

    def steps(self, kind: str) -> list[str]:
        with self.house.store.read() as session:
            verbs = sa.select(Step.verb).where(Step.subject.startswith(f"{kind}:")).order_by(Step.at, Step.number)
            return list(session.scalars(verbs))

    def only(self, kind: Any) -> Any:
        with self.house.store.read() as session:
            return session.scalars(sa.select(kind)).one()


@pytest.fixture
def court(both: Both, holder: Holder, clock: MovingClock) -> Court:
    return Court(House(*both, holder, clock))


def test_one_of_two_hands_confirms_an_order_and_an_amendment(court: Court) -> None:
    court.do("order", "rex")
    court.one_wins(court.act("confirm", "olaf"), court.act("confirm", "olaf"))
    assert court.steps("order") == ["issue", "confirm"]
    court.do("amend", "rui", 1)
    court.one_wins(court.act("confirm_amendment", "ana"), court.act("confirm_amendment", "ana"))
    assert court.steps("amendment") == ["sign", "confirm"]


def test_an_order_is_lifted_by_two_sides_that_sign_at_the_same_moment(court: Court) -> None:
    court.do("order", "rex")
    court.do("confirm", "olaf")
    assert errors(at_once(court.house.store, court.act("lift", "rex"), court.act("lift", "olaf"))) == []
    assert court.steps("order") == ["issue", "confirm", "lift"]
    assert court.only(Entry).hidden_until is None
    assert [str(breach) for breach in court.house.judged().breaches] == []


def test_an_order_and_an_amendment_are_confirmed_or_lapse(court: Court) -> None:
    """The worker's clock is ahead by a second of that of whoever confirms."""
    court.do("order", "rex")
    court.do("amend", "rui", 3)
    now = court.house.clock.move(timedelta(hours=72) - timedelta(seconds=1))
    late = now + timedelta(seconds=1)
    at_once(court.house.store, court.act("confirm", "olaf"), lambda session: orders.run_clocks(session, late))
    assert court.steps("order") in (["issue", "confirm"], ["issue", "lapse"])
    at_once(
        court.house.store,
        court.act("confirm_amendment", "ana"),
        lambda session: amendments.lapse_due(session, late),
    )
    assert court.steps("amendment") in (["sign", "confirm"], ["sign", "lapse"])
    assert (court.only(Entry).state is EntryState.VOIDED) == (court.steps("amendment")[1] == "confirm")


def test_one_of_two_verdicts_on_a_review_holds_and_one_acknowledgement_counts(court: Court) -> None:
    court.do("lodge", "rui")
    court.do("attest", "vera")
    court.do("apply", "rui", 1)
    court.one_wins(court.act("review", "rex", 0), court.act("review", "rex", 1))
    assert len(court.steps("review")) == 2
    assert court.only(Review).decided_by == "inspector"
    if court.only(Entry).state is EntryState.VOIDED:
        at_once(court.house.store, court.acknowledge, court.acknowledge)
        assert court.only(Recall).acknowledged_by == "birch-hr"


def test_a_case_is_cosigned_and_forgotten_once(court: Court) -> None:
    court.do("order", "rex", 3)
    court.do("confirm", "olaf")
    court.house.sequence()
    court.do("propose", "olaf")
    court.do("open_list", "rex")
    court.one_wins(court.act("cosign", "rex"), court.act("cosign", "rex"))

    def forget(session: Session) -> object:
        return execute(session, erasure=session.scalars(sa.select(Erasure)).one(), now=court.house.clock())

    court.one_wins(forget, forget)
    assert court.steps("erasure") == ["propose", "cosign", "execute"]
