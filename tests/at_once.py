"""Several people at the same moment, on either database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from registry import schema
from registry.db import Session, Store
from registry.errors import ZiluError
from tests.cast import Cast, gather
from tests.conftest import KEYRING, START
from tests.postgres import pg_server, pg_url

__all__ = ["both", "pg_server", "pg_url"]

Both = tuple[Store, Cast]


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Both]:
    """The founded registry, on either database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("store"), request.getfixturevalue("cast")
        return
    store = Store(str(request.getfixturevalue("pg_url")), KEYRING)
    schema.Base.metadata.create_all(store.engine)
    with store.write() as session:
        cast = gather(session, START)
    yield store, cast
    store.engine.dispose()


def at_once(store: Store, *acts: Callable[[Session], object]) -> list[object]:
    """Run the acts in threads of their own that start together; what each gave, or the error that it met."""
    gate, given = threading.Barrier(len(acts)), dict[int, object]()

    def run(place: int, act: Callable[[Session], object]) -> None:
        gate.wait()
        try:
            with store.write() as session:
                given[place] = act(session)
        except (ZiluError, IntegrityError) as error:
            given[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [given[place] for place in range(len(acts))]


def errors(given: list[object]) -> list[object]:
    return [one for one in given if isinstance(one, Exception)]
