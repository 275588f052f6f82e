"""On PostgreSQL a case is forgotten as on SQLite; and no act comes under a key that was destroyed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry import revisions
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.db import Store
from registry.errors import NotFound
from registry.keys.holder import Holder
from registry.log.actions import record
from tests.cast import gather
from tests.conftest import KEYRING, MovingClock
from tests.postgres import pg_server, pg_url
from tests.unit.erasures.test_erasures import Forgetting

__all__ = ["pg_server", "pg_url"]


@pytest.fixture
def file(pg_url: str, holder: Holder, clock: MovingClock) -> Iterator[Forgetting]:
    store = Store(pg_url, KEYRING)
    revisions.upgrade(store.engine)
    with store.write() as session:
        cast = gather(session, clock())
    yield Forgetting(store, cast, holder, clock)
    store.engine.dispose()


def test_the_audit_accepts_the_erasure_on_postgresql_too(file: Forgetting) -> None:
    assert file.forgotten().audit() == ()


def test_an_act_under_a_key_that_was_destroyed_meanwhile_is_refused(file: Forgetting) -> None:
    with file.store.read() as session:
        key = key_of(session, session.get_one(Case, file.accused.case_id))
    file.forgotten()
    with pytest.raises(NotFound, match="erased"), file.store.write() as session:
        record(session, "case.read", actor="olaf", now=file.clock(), case=key)
