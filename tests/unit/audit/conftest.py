"""A small registry: a few members, a log, and the audit of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import revisions
from registry.audit.differences import Difference
from registry.audit.replay import Outcome, audit
from registry.db import Session, Store
from registry.log.actions import record
from registry.log.checkpoint import VerifierKey, verifier_key
from registry.log.models import Act, Checkpoint
from registry.log.sequencer import sequence
from registry.members.actions import admit
from registry.members.models import Kind, Unit
from registry.signing import keys
from tests.conftest import KEYRING, START

ORIGIN = "registry.example/log"
MINUTE = timedelta(minutes=1)


@dataclass
class Small:
    """The registry, and what a test does to it."""

    store: Store
    log_key: keys.PrivateKey

    @property
    def log(self) -> VerifierKey:
        return verifier_key(ORIGIN, self.log_key.public_key())

    def add(self, name: str, at: datetime) -> int:
        """A unit with its act; the act's id."""
        with self.store.write() as session:
            session.add(Unit(member_id="acme", name=name))
            return record(session, "unit.add", actor="olaf", now=at).id

    def say(self, at: datetime) -> int:
        """An act without rows."""
        with self.store.write() as session:
            return record(session, "nothing", actor="olaf", now=at).id

    def sequence(self, at: datetime) -> Checkpoint | None:
        return sequence(self.store, key=self.log_key, origin=ORIGIN, now=at)

    def edit(self, statement: str, **values: object) -> None:
        """Behind the registry's back."""
        with self.store.engine.connect().execution_options(zilu_write=True) as connection:
            connection.execute(sa.text(statement), values)
            connection.commit()

    def act(self, id: int, session: Session) -> Act:
        return session.get_one(Act, id)

    def outcome(self, now: datetime = START) -> Outcome:
        return audit(self.store, log=self.log, now=now)

    def differences(self) -> tuple[Difference, ...]:
        return self.outcome().differences

    def named(self) -> set[tuple[str, str]]:
        return {(difference.kind.value, difference.name) for difference in self.differences()}


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keys.PrivateKey]:
    """A file in which acme is admitted by act 1, which is sequenced; `small` gives each test a copy."""
    path = tmp_path_factory.mktemp("begun") / "registry.db"
    made = Small(Store(f"sqlite:///{path}", KEYRING), keys.generate())
    revisions.upgrade(made.store.engine)
    with made.store.write() as session:
        admit(session, id="acme", name="Acme", kind=Kind.CARRIER, headcount=1, actor="system:founding", now=START)
    made.sequence(START)
    made.store.engine.dispose()
    return path, made.log_key


@pytest.fixture
def small(begun: tuple[Path, keys.PrivateKey], tmp_path: Path) -> Iterator[Small]:
    """The registry of one member, to do with as one likes."""
    path = tmp_path / "registry.db"
    shutil.copy(begun[0], path)
    made = Small(Store(f"sqlite:///{path}", KEYRING), begun[1])
    yield made
    made.store.engine.dispose()
