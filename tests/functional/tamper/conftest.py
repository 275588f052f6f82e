"""A told database, and copies of it to tamper with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

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


@pytest.fixture
def copied(populated_db: Told, tmp_path: Path) -> Callable[[], Copy]:
    """Makes a fresh copy at each call."""

    def copy() -> Copy:
        path = tmp_path / "copy.db"
        for left in tmp_path.glob("copy.db*"):
            left.unlink()
        shutil.copy(populated_db.path, path)
        return Copy(path, populated_db)

    return copy
