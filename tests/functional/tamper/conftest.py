"""A told database, and copies of it to tamper with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from registry.db import Store
from registry.keys.holder import Holder
from tests import conftest
from tests.functional.tamper.behind import Copy
from tests.functional.tamper.scenario import Told, tell
from tests.postgres import pg_server, pg_url

__all__ = ["pg_server", "pg_url"]


@pytest.fixture(scope="session")
def populated_db(tmp_path_factory: pytest.TempPathFactory, holder_socket: Path) -> Told:
    """The database whose every row is tampered with. Any SQLite file with its keys will do."""

    def move(to: datetime) -> None:
        conftest._clock.at = to

    return tell(tmp_path_factory.mktemp("told") / "registry.db", Holder(holder_socket), move)


@pytest.fixture(scope="session")
def bench(populated_db: Told, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """One place for all copies, so that statements are compiled once."""
    path = tmp_path_factory.mktemp("bench") / "copy.db"
    return Copy(path, populated_db, Store(f"sqlite:///{path}", populated_db.keyring))


@pytest.fixture
def copied(bench: Copy) -> Callable[[], Copy]:
    """A fresh copy at each call, in the place of the one before."""

    def copy() -> Copy:
        for left in bench.path.parent.iterdir():
            left.unlink()
        shutil.copy(bench.told.path, bench.path)
        return bench

    return copy
