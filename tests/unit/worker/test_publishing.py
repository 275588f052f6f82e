"""Nothing is shown without its quorum, and a log that was set back is found out by those who saw it."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from registry.cli.init import write_settings
from registry.cli.migrate import upgrade
from registry.config import load
from registry.db import Session, Store
from registry.errors import Conflict, Invalid, NotFound, Unavailable
from registry.log import checkpoint, leaf, queries, sequencer
from registry.log.actions import record
from registry.log.alone import alone
from registry.log.checkpoint import Kind
from registry.log.models import Act, Checkpoint, LeafType
from registry.log.quorum import Policy, Witness
from registry.running import start
from registry.signing import keys
from registry.witness import server
from registry.witness.state import State
from registry.worker.loop import publish
from registry.worker.publishing import Publisher
from tests.conftest import KEYRING
from tests.postgres import pg_server, pg_url

__all__ = ["pg_server", "pg_url"]

NAMES = ("regulator", "acme", "birch", "union")


class House:
    """A registry in a folder and four witnesses, each of which can be away."""

    def __init__(self, folder: Path) -> None:
        self.config = write_settings(folder / "home", issuer="http://127.0.0.1:8420", name="Test")
        upgrade(load(self.config))
        self.database = folder / "home" / "registry.db"
        self.run = start(load(self.config))
        self.log = self.run.policy.log
        self.keys = {name: keys.generate() for name in NAMES}
        self.states = {name: State(folder / f"{name}.db") for name in NAMES}
        self.accused: list[Path] = []

    @contextmanager
    def witnesses(self, *names: str) -> Iterator[None]:
        """Those who are there; the policy names all four, three of them and the regulator always."""
        with ExitStack() as stack:
            urls = {name: stack.enter_context(self._serving(name)) for name in names}
            self.configure(urls)
            yield

    def configure(self, urls: dict[str, str]) -> None:
        lines = [f"log {self.log.vkey}"]
        for name in NAMES:
            vkey = checkpoint.verifier_key(f"{name}.example", self.keys[name].public_key(), kind=Kind.WITNESS).vkey
            lines.append(f"witness {name} {vkey} {urls.get(name, 'http://127.0.0.1:1')}")
        lines += ["group others 2 acme birch union", "group three all regulator others", "quorum three"]
        self.config.with_name("log.policy").write_text("\n".join(lines) + "\n")
        text = self.config.read_text()
        if "[log]" not in text:
            self.config.write_text(f'{text}\n[log]\npolicy = "log.policy"\n')
        self.run.store.engine.dispose()
        self.run = start(load(self.config))

    @contextmanager
    def _serving(self, name: str) -> Iterator[str]:
        witness = server.Witness(
            f"{name}.example",
            self.keys[name],
            {self.log.name: self.log},
            self.states[name],
            self.run.clock,
            lambda _origin, file: self.accused.append(file),
        )
        bound, stop = server.bind(witness, "127.0.0.1", 0), threading.Event()
        thread = threading.Thread(target=server.serve, args=(bound, stop))
        thread.start()
        yield f"http://127.0.0.1:{bound.server_port}"
        stop.set()
        thread.join()

    def say(self, count: int = 1) -> None:
        with self.run.store.write() as session:
            for _ in range(count):
                record(session, "nothing", actor="olaf", now=self.run.clock())

    def shown(self) -> int:
        """The size of what is published."""
        with self.run.store.read() as session:
            return self.run.policy.open(queries.head_note(session)).checkpoint.size

    def verify(self) -> None:
        publisher = Publisher(self.run)
        try:
            publisher.verify(self.run)
        finally:
            publisher.close()

    def close(self) -> None:
        self.run.store.engine.dispose()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.run.store.engine.dispose()


def test_a_head_is_shown_under_its_quorum(house: House) -> None:
    with house.witnesses("regulator", "acme", "union"):
        for count in (1, 3, 300):
            house.say(count)
            assert publish(house.run)
        assert house.shown() == 304 + 3  # each with its snapshot
        assert not publish(house.run)


def test_without_its_quorum_nothing_new_is_shown(house: House) -> None:
    house.say(2)
    with house.witnesses(*NAMES):
        publish(house.run)
    house.say(1)
    for away in ("regulator", "acme birch"):
        with house.witnesses(*(name for name in NAMES if name not in away)):
            with pytest.raises(Unavailable, match="no quorum"):
                publish(house.run)
            assert house.shown() == 3
            with house.run.store.read() as session:
                last = session.get_one(Act, 4)
                assert (last.position, queries.prove(session, last)) == (3, None)
                with pytest.raises(NotFound):
                    queries.tile(session, "tile/0/000.p/5")
    with house.witnesses(*NAMES):
        publish(house.run)
    assert house.shown() == 5


def test_nothing_is_shown_before_the_first_quorum(house: House) -> None:
    house.say(1)
    house.configure({})
    with pytest.raises(Unavailable):
        publish(house.run)
    with house.run.store.read() as session, pytest.raises(NotFound, match="published nothing"):
        queries.head_note(session)


def test_a_log_that_was_set_back_is_found_out_by_its_witnesses(house: House) -> None:
    with house.witnesses(*NAMES):
        house.say(2)
        publish(house.run)
        house.close()
        earlier = house.database.with_name("earlier.db")
        shutil.copy(house.database, earlier)
        house.say(2)
        publish(house.run)
        house.verify()
        house.close()
        shutil.copy(earlier, house.database)
        house.database.with_name("registry.db.head").unlink()  # whoever put it back took this along
        with pytest.raises(Conflict, match="does not have: the database"):
            house.verify()
        house.say(3)  # and goes on as if nothing had been
        with pytest.raises(Conflict, match="does not have: the database"):
            publish(house.run)
        assert house.shown() == 3


def test_a_witness_that_lies_about_its_size_stops_nobody(house: House) -> None:
    with house.witnesses(*NAMES):
        house.say(2)
        publish(house.run)
        stranger = keys.generate()
        head = checkpoint.Checkpoint(house.log.name, 900, b"r" * 32)
        house.states["acme"].replace(house.log.name, lambda _: checkpoint.sign(head, key=stranger))
        house.say(1)
        publish(house.run)
        house.verify()
        assert house.shown() == 5


def test_a_witness_that_hangs_is_asked_once_and_holds_up_nobody(house: House) -> None:
    """It takes the connection and says nothing; the quorum is met without it, again and again."""
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        urls = {name: stack.enter_context(house._serving(name)) for name in ("regulator", "acme", "birch")}
        house.configure({**urls, "union": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        publisher = Publisher(house.run)
        for _ in range(6):
            house.say()
            publisher.publish(house.run)
        asked = [silent.accept()[0]]
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
        asked.pop().close()
        publisher.close()
    assert house.shown() == 6 * 2


def test_a_policy_for_another_log_is_refused(house: House) -> None:
    house.log = checkpoint.verifier_key(house.log.name, keys.generate().public_key())
    house.configure({})
    with pytest.raises(Invalid, match="must name this log"):
        _ = house.run.policy


def test_an_earlier_head_that_was_never_shown_is_no_difference(house: House) -> None:
    """What the log signed while its witnesses were away stays in its own books."""
    house.configure({})
    for _ in range(2):
        house.say(1)
        with pytest.raises(Unavailable):
            publish(house.run)
    with house.witnesses(*NAMES):
        publish(house.run)
    with house.run.store.read() as session:
        first, second = (session.get_one(Checkpoint, size) for size in (2, 4))
        assert first.published is None
        assert second.published is not None


def test_the_batch_ends_with_the_act_that_closes_it(house: House) -> None:
    def closing(session: Session, now: object) -> Act:
        return record(session, "snapshot", actor="system:log", now=house.run.clock(), type=LeafType.SNAPSHOT)

    house.say(3)
    origin, key = house.run.settings.log_origin, house.run.secrets.log_key
    head = sequencer.sequence(house.run.store, key=key, origin=origin, now=house.run.clock(), closing=closing)
    assert head is not None
    assert head.size == 4
    with house.run.store.read() as session:
        last = session.get_one(Act, 4)
        assert last.entry is not None
        assert leaf.parse(last.entry).type == "snapshot"
    again = sequencer.sequence(house.run.store, key=key, origin=origin, now=house.run.clock(), closing=closing)
    assert again is None


HOLD = """
import sys, threading
from registry.db import Keyring, Store
from registry.log.alone import alone
with alone(Store(sys.argv[1], Keyring(bytes(32), bytes(32))), threading.Event(), lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_two_processes_one_sequences(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'r.db'}" if kind == "sqlite" else request.getfixturevalue("pg_url")
    command = [sys.executable, "-c", HOLD, url]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "held\n"
    store, ended, told = Store(url, KEYRING), threading.Event(), []
    ended.set()
    with alone(store, ended, lambda: told.append(1)) as mine:
        assert (mine, told) == (False, [1])
    other.kill()  # nobody tidied up after it
    other.wait()
    other.stdout.close()
    other.stdin.close()
    with alone(store, threading.Event(), lambda: None) as mine:
        assert mine
    with alone(store, threading.Event(), lambda: None) as mine:
        assert mine
    store.engine.dispose()


def test_a_witness_counts_once(house: House) -> None:
    """Cosignatures of strangers and doubled lines meet no quorum."""
    head = checkpoint.Checkpoint(house.log.name, 1, b"r" * 32)
    signed = checkpoint.sign(head, key=house.run.secrets.log_key)
    one = keys.generate()
    line = checkpoint.cosign(head, name="acme.example", key=one, now=house.run.clock())
    public = checkpoint.verifier_key("acme.example", one.public_key(), kind=Kind.WITNESS)
    other = checkpoint.verifier_key("birch.example", keys.generate().public_key(), kind=Kind.WITNESS)
    policy = Policy(house.log, (Witness("acme", public), Witness("birch", other)), (), "birch")
    with pytest.raises(Invalid):
        policy.open(checkpoint.attach(checkpoint.attach(signed, [line]), [line]))
