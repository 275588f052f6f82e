"""The same commands on PostgreSQL, where checks run at the same moment: killed, run again, and nobody notices."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from registry.checks.models import Check
from registry.client.api import Registry
from registry.identity.document import Document
from registry.keys.models import Rotation
from tests.attested import unattested
from tests.cast import Cast
from tests.functional.rotation.conftest import ABSENT, LATER, LISTED, House
from tests.functional.rotation.test_rotation import answers
from tests.functional.rotation.test_rotation_killed import Killer, commands, finished, left
from tests.line import Connect
from tests.listing import people
from tests.postgres import cast, pg_server, pg_url, store

__all__ = ["cast", "commands", "pg_server", "pg_url", "store"]


@contextmanager
def asking(registry: Registry, listed: Document, absent: Document) -> Iterator[list[list[bool]]]:
    """What one program is answered, again and again, for as long as it goes on."""
    said: list[list[bool]] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            said.append(answers(registry, listed, absent, key=f"meanwhile-{len(said)}"))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield said
    finally:
        over.set()
        thread.join()


def rotate(house: House, commands: Any, monkeypatch: pytest.MonkeyPatch, kills: list[int]) -> None:
    """Both commands, until it is settled; killed at the n-th act of one run after another."""
    for nth in kills:
        killer = Killer(monkeypatch, nth)
        while killer.left > 0 and not finished(house, commands):
            house.clock.move(timedelta(minutes=1))
        assert killer.left <= 0, "it was killed"
    while not finished(house, commands):
        house.clock.move(timedelta(minutes=1))


def verify_settled(house: House) -> None:
    assert left(house.store) == 0
    assert unattested(house.store) == set()
    with house.store.read() as session:
        assert session.scalars(sa.select(Rotation.settled_at)).one() is not None


def test_a_rotation_is_killed_and_resumed_between_checks(
    house: House, hana: Registry, commands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answers(hana, LISTED, LATER, key="before") == [True, False]
    rotate(house, commands, monkeypatch, kills=[2, 3])
    assert answers(hana, LISTED, LATER, ABSENT, key="after") == [True, False, False]
    verify_settled(house)
    with house.store.read() as session:
        assert len(set(session.scalars(sa.select(Check.handle)))) == 3


@pytest.mark.long
def test_killed_at_every_act_while_checks_go_on(
    house: House, connect: Connect, cast: Cast, commands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among 40 entries and 200 checked people; the commands move and replace what comes in meanwhile as well."""
    listed, *others = people(240)[3:]
    listed_people = [listed, *others[:39]]
    for person in listed_people:
        house.listed(person)
    house.publish()
    hana = connect(cast.hana)
    assert not any(answers(hana, *others[39:239], key="before"))
    monkeypatch.setattr("registry.cli.keys.MAX_ELEMENTS", 50)
    monkeypatch.setattr("registry.cli.keys._AT_ONCE", 50)
    with asking(connect(cast.hana), listed, ABSENT) as said:
        rotate(house, commands, monkeypatch, kills=list(range(1, 15)))
    assert said
    assert all(each == [True, False] for each in said)
    assert answers(hana, *listed_people, *others[39:239], key="after") == [True] * 40 + [False] * 197
    verify_settled(house)
