"""Fixtures that every test may use: a store with the cast in it, a clock to move, a real key holder."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import db, schema
from registry.db import Base, Keyring, Store
from registry.keyholder.answers import Ceilings
from registry.keyholder.keyfile import create_key_file
from registry.keyholder.server import serve
from registry.keys.holder import Holder
from tests.cast import Cast, gather

pytest_plugins = ["tests.app_fixture", "tests.chromium"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEYRING = Keyring(vault_key=b"v" * 32, pepper=b"p" * 32)
ISSUER = "http://127.0.0.1:8420"


def _one_dialect() -> None:
    """SQLAlchemy keeps compiled statements by engine and dialect: let the engines of all tests keep them together."""
    first, make = sa.create_engine("sqlite://", query_cache_size=5_000), db._engine
    first.connect().close()  # it looks at the library once

    def engine(url: str) -> sa.Engine:
        made = make(url)
        if made.dialect.name == "sqlite":
            made.dialect, made.pool._dialect, made._compiled_cache = first.dialect, first.dialect, first._compiled_cache
        return made

    db._engine = engine


_one_dialect()


class MovingClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> datetime:
        self.at += by
        return self.at


_clock = MovingClock()


@pytest.fixture
def clock() -> MovingClock:
    _clock.at = START
    return _clock


@pytest.fixture(scope="session")
def holders_clock() -> MovingClock:
    """The same, for whoever tells a story once for many tests."""
    return _clock


@pytest.fixture
def now(clock: MovingClock) -> datetime:
    return clock()


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A SQLite file in which the cast has been gathered; `store` gives each test a copy."""
    path = tmp_path_factory.mktemp("founded") / "registry.db"
    store = Store(f"sqlite:///{path}", KEYRING)
    schema.Base.metadata.create_all(store.engine)
    with store.write() as session:
        cast = gather(session, START)
    store.engine.dispose()
    return path, cast


@pytest.fixture
def cast(founded: tuple[Path, Cast]) -> Cast:
    return founded[1]


@pytest.fixture
def store(founded: tuple[Path, Cast], tmp_path: Path) -> Iterator[Store]:
    """The founded registry, to do with as one likes."""
    path = tmp_path / "registry.db"
    shutil.copy(founded[0], path)
    store = Store(f"sqlite:///{path}", KEYRING)
    yield store
    store.engine.dispose()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'empty.db'}", KEYRING)
    Base.metadata.create_all(store.engine)
    yield store
    store.engine.dispose()


@pytest.fixture(scope="session")
def holder_socket() -> Iterator[Path]:
    """One key holder for all tests of a process: what they count together must never reach a ceiling."""
    with key_holder(Ceilings(10**9, 10**9, 10**9)) as path:
        yield path


@contextmanager
def key_holder(ceilings: Ceilings) -> Iterator[Path]:
    """A key holder of its own behind a real socket, on the tests' clock."""
    folder = Path(tempfile.mkdtemp(prefix="zilu-"))  # a socket's path must be short
    create_key_file(folder / "identity.key", "a passphrase")
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=serve,
        kwargs={
            "way": folder / "holder.sock",
            "key_file": folder / "identity.key",
            "passphrase": "a passphrase",
            "counters_path": folder / "counters.db",
            "ceilings": ceilings,
            "clock": _clock,
            "stop": stop,
            "ready": ready.set,
        },
    )
    thread.start()
    assert ready.wait(20)
    try:
        yield folder / "holder.sock"
    finally:
        stop.set()
        thread.join()
        shutil.rmtree(folder)


@pytest.fixture
def holder(holder_socket: Path, clock: MovingClock) -> Holder:
    return Holder(holder_socket)
