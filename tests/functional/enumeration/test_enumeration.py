"""Whoever goes through 10,000 numbers with three stolen accounts is given what the budget has, whatever else is down.

No worker runs at all. Three accounts ask at once over the API; the web node is put up anew after every round; the key
holder is killed and started; the counters of the web node are wiped, and it lies about who asks.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import base64url
from registry.checks.models import Allowance, Burst, Ticket
from registry.checks.rules import Bucket, ceilings
from registry.db import Store
from registry.errors import TooMany
from registry.identity import tags
from registry.keyholder.keyfile import create_key_file
from registry.members.models import Member
from registry.policy import CHECKS_RECOVER
from tests.app_fixture import build
from tests.cast import Cast
from tests.conftest import KEYRING, MovingClock
from tests.functional.test_bad_input import bearer
from tests.listing import people
from tests.unit.keyholder.holder_process import PASSPHRASE, Process

pytestmark = pytest.mark.long

GUESSES, HEADCOUNT, CEILING = 10_000, 2_000, 5_000
NAMES = ("hana", "ben", "bao")  # birch's accounts that may have elements evaluated
PATH = "/api/v1/identity/evaluations"
ELEMENTS = [base64url.encode(tags.blind(person).element) for person in people(1_000)]


@pytest.fixture
def keeper(tmp_path: Path, clock: MovingClock) -> Process:
    create_key_file(tmp_path / "identity.key", PASSPHRASE)
    keeper = Process(tmp_path, tmp_path / "identity.key", member_ceiling=CEILING, overall_ceiling=2 * CEILING)
    keeper.set_clock(clock())
    return keeper


class Thief:
    """Asks in batches of whatever size, from all accounts at once, as long as there are guesses."""

    def __init__(self, store: Store, cast: Cast, clock: MovingClock, keeper: Process) -> None:
        self.store, self.cast, self.clock, self.keeper = store, cast, clock, keeper
        self.dice, self.tried = random.Random(4), 0
        with store.engine.begin() as connection:
            connection.execute(sa.update(Member).where(Member.id == "birch").values(headcount=HEADCOUNT))

    def round(self, batches: int = 12) -> int:
        """One round against a web node that has just been put up; how many elements came back."""
        store = Store(str(self.store.engine.url), KEYRING)
        app, key = build(store, self.clock, self.keeper.client), self.keeper.client.public().key_id
        tokens = {name: bearer(store, self.cast[name], self.clock) for name in NAMES}

        def guess(job: tuple[str, int]) -> int:
            name, size = job
            sent = {"key_id": key, "elements": ELEMENTS[:size]}
            headers = {"Authorization": f"Bearer {tokens[name]}"}
            response = app.test_client().post(PATH, json=sent, headers=headers)
            assert response.status_code in {200, 429, 503}, response.text
            if response.status_code == 429:
                assert int(response.headers["Retry-After"]) > 0
            return size if response.status_code == 200 else 0

        jobs = [(self.dice.choice(NAMES), self.dice.choice((1, 40, 333, 1_000))) for _ in range(batches)]
        self.tried += sum(size for _, size in jobs)
        with ThreadPoolExecutor(3) as pool:
            got = sum(pool.map(guess, jobs))
        store.engine.dispose()
        return got

    def tickets(self) -> int:
        with self.store.read() as session:
            return session.scalar(sa.select(sa.func.sum(Ticket.count))) or 0


@pytest.fixture
def thief(store: Store, cast: Cast, clock: MovingClock, keeper: Process) -> Thief:
    return Thief(store, cast, clock, keeper)


def test_a_day_gives_no_more_than_its_budget_and_midnight_no_second_one(
    thief: Thief, keeper: Process, clock: MovingClock
) -> None:
    whole = ceilings(member="birch", unit="", account="", headcount=HEADCOUNT)["member:birch"]
    unit = whole * 3 // 4  # all three are of one unit
    clock.move(timedelta(hours=14, minutes=50))  # ten to midnight
    got = 0
    while thief.tried < GUESSES:
        keeper.set_clock(clock())
        with keeper.running(kill=True):
            got += thief.round()
    assert got == thief.tickets() <= Bucket.of(unit).size
    clock.move(timedelta(minutes=20))  # another day by the calendar
    keeper.set_clock(clock())
    with keeper.running():
        more = thief.round(24)
    assert got + more <= Bucket.of(unit).size * (1 + timedelta(minutes=20) / CHECKS_RECOVER) + 1
    assert more < unit / 10


def test_a_web_node_that_counts_nothing_gains_nothing(thief: Thief, keeper: Process, store: Store) -> None:
    got = 0
    while thief.tried < 2 * GUESSES:
        with store.engine.begin() as connection:
            for table in (Allowance, Burst):
                connection.execute(sa.delete(table))
            connection.execute(sa.update(Member).where(Member.id == "birch").values(headcount=10**6))
        with keeper.running(kill=True):
            got += thief.round()
            got += _lied(keeper, "birch", 1_000)
    assert CEILING - 1_000 < got <= CEILING
    with keeper.running():  # nor by lying about who asks: all members together have an end
        while (more := _lied(keeper, f"member-{got}", 1_000)) > 0:
            got += more
    assert got <= 2 * CEILING


def _lied(keeper: Process, member: str, count: int) -> int:
    elements = [base64url.decode(text, field="elements") for text in ELEMENTS[:count]]
    try:
        return len(keeper.client.evaluate(member=member, account="anybody", elements=elements).elements)
    except TooMany:
        return 0
