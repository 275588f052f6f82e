from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.keyholder.keyfile import Keys, create_key_file, open_key_file

from .holder_process import PASSPHRASE, Process

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "holder.key"
    create_key_file(path, PASSPHRASE)
    return path


@pytest.fixture(scope="session")
def keys(key_file: Path) -> Keys:
    return open_key_file(key_file, PASSPHRASE)


@pytest.fixture
def holder(tmp_path: Path, key_file: Path) -> Process:
    """A key holder that is not running yet; its clock stands at noon."""
    process = Process(tmp_path, key_file)
    process.set_clock(NOON)
    return process
