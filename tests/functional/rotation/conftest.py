"""A registry with its own key holder, whose key the test may rotate, and some people in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from registry.audit import snapshots
from registry.audit.stored import viewing
from registry.db import Store
from registry.entries import places
from registry.entries.trees import Trees
from registry.identity.document import Document
from registry.keyholder.answers import Ceilings
from registry.keys.holder import Holder
from registry.keys.models import Rotation
from registry.log.sequencer import sequence
from registry.rotation import actions, moving, verification
from tests.app_fixture import SECRETS
from tests.cast import Cast
from tests.conftest import MovingClock, key_holder
from tests.line import connect, hana, line, waits
from tests.listing import list_person, people

__all__ = ["connect", "hana", "line", "waits"]

LISTED, ABSENT, LATER = people(3)


@pytest.fixture
def holder(clock: MovingClock) -> Iterator[Holder]:
    with key_holder(Ceilings(10**6, 10**6, 10**6)) as socket:
        yield Holder(socket)


@dataclass
class House:
    """The registry while it rotates."""

    store: Store
    cast: Cast
    holder: Holder
    clock: MovingClock
    trees: Trees = field(default_factory=Trees)

    def begun(self) -> Rotation:
        following = self.holder.begin_rotation()
        with self.store.write() as session:
            return actions.begin(
                session, actor=self.cast.olaf.actor, keys=self.holder.public(), following=following, now=self.clock()
            )

    def moved(self, limit: int = 1000) -> int:
        return moving.move_some(self.store, self.holder, self.begun(), limit=limit, now=self.clock())

    def verified(self) -> int:
        """How many tags a regulator's process has verified."""
        rotation, done = self.begun(), 0
        while count := verification.verify_some(
            self.store, self.holder, rotation, actor=self.cast.rex.actor, now=self.clock()
        ):
            done += count
        return done

    def switched(self) -> Rotation:
        rotation = self.begun()
        with self.store.write() as session:
            rotation = actions.switch(session, actor=self.cast.olaf.actor, rotation=rotation, now=self.clock())
        self.publish()
        return rotation

    def rotated(self) -> Rotation:
        while self.moved():
            pass
        self.verified()
        return self.switched()

    def settle_some(self, rotation: Rotation, limit: int = 200) -> int:
        with self.store.write() as session:
            return actions.settle_some(
                session, actor=self.cast.olaf.actor, rotation=rotation, limit=limit, now=self.clock()
            )

    def publish(self) -> None:
        """With a snapshot, as the worker does."""
        closing = places.closing(self.trees)
        sequence(self.store, key=SECRETS.log_key, origin="127.0.0.1:8420/log", now=self.clock(), closing=closing)

    def missed(self) -> list[str]:
        """What the audit of the snapshots names."""
        with self.store.read() as session, viewing(session) as view:
            return [each.name for each in snapshots.verify(view, session.keyring)]

    def listed(self, document: Document, now: datetime | None = None) -> str:
        return list_person(self.store, self.holder, self.cast, document, now or self.clock()).id


@pytest.fixture
def house(store: Store, cast: Cast, holder: Holder, clock: MovingClock) -> House:
    house = House(store, cast, holder, clock)
    house.listed(LISTED)
    house.publish()
    return house
