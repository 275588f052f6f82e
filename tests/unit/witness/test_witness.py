"""Our witness: the statuses of C2SP tlog-witness, and nothing that contradicts what it cosigned before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.cli import main
from registry.errors import Unavailable
from registry.log import checkpoint, tiles, tree, witnessing
from registry.log.checkpoint import Checkpoint, Kind, Signature
from registry.witness import server
from registry.witness.state import State

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ORIGIN, NAME = "registry.example/log", "w.example/w"
LOG_KEY, W_KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
LOG = checkpoint.verifier_key(ORIGIN, LOG_KEY.public_key())
WITNESS = checkpoint.verifier_key(NAME, W_KEY.public_key(), kind=Kind.WITNESS)


@dataclass
class Log:
    """A log in memory, of leaves that differ from another one's from `fork` on."""

    fork: int = 10**9
    leaves: list[bytes] = field(default_factory=list)

    def at(self, size: int) -> Checkpoint:
        while len(self.leaves) < size:
            number = len(self.leaves)
            self.leaves.append(tree.leaf_hash(b"%d %d" % (number, number >= self.fork)))
        return Checkpoint(ORIGIN, size, tree.root_of(self.leaves[:size]))

    def note(self, size: int, key: Ed25519PrivateKey = LOG_KEY) -> str:
        return checkpoint.sign(self.at(size), key=key)

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        self.at(size)
        grown = tiles.append(0, self.leaves[:size], lambda *_: b"")
        return tree.consistency_proof(old, size, hashes=tiles.hashes(lambda *at: grown.tiles[at])) if old else ()

    def ask(self, old: int, size: int) -> bytes:
        return witnessing.Request(old, self.proof(old, size), self.note(size)).encode()


@dataclass
class Desk:
    """A witness, and what it accused."""

    witness: server.Witness
    accused: list[Path]

    def add(self, body: bytes) -> tuple[int, str]:
        answer = self.witness.add_checkpoint(body)
        return answer.status, answer.body


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    accused: list[Path] = []
    state = State(tmp_path / "witness.db")
    made = server.Witness(NAME, W_KEY, {ORIGIN: LOG}, state, lambda: NOW, lambda _origin, file: accused.append(file))
    return Desk(made, accused)


def test_it_cosigns_what_grows(desk: Desk) -> None:
    log, last = Log(), 0
    for size in (1, 2, 2, 7, 300):
        status, body = desk.add(log.ask(last, size))
        assert status == 200
        note = checkpoint.attach(log.note(size), [checkpoint.parse_signature(body.rstrip("\n"))])
        opened = checkpoint.open_checkpoint(note, log=LOG, origin=ORIGIN, witnesses=[WITNESS], quorum=1)
        assert opened.cosignatures[0].at == NOW
        last = size


def test_it_refuses_as_the_specification_says(desk: Desk) -> None:
    log = Log()
    desk.add(log.ask(0, 5))
    elsewhere = checkpoint.sign(Checkpoint("other.example", 6, log.at(6).root), key=LOG_KEY)
    assert desk.add(witnessing.Request(0, (), elsewhere).encode()) == (404, "")
    assert desk.add(witnessing.Request(5, log.proof(5, 6), log.note(6, OTHER)).encode()) == (403, "")
    assert desk.add(witnessing.Request(7, (), log.note(6)).encode()) == (400, "")
    assert desk.add(log.ask(4, 6)) == (409, "5\n")
    assert desk.add(log.ask(0, 6)) == (409, "5\n")
    assert desk.add(log.ask(0, 3)) == (409, "5\n")  # a log that was rolled back
    assert desk.add(witnessing.Request(5, log.proof(4, 6), log.note(6)).encode()) == (422, "")
    assert desk.add(witnessing.Request(5, (bytes(32),), log.note(5)).encode()) == (422, "")
    assert desk.accused == []
    assert desk.add(log.ask(5, 6))[0] == 200


def test_a_first_checkpoint_takes_no_proof(desk: Desk) -> None:
    log = Log()
    assert desk.add(witnessing.Request(0, (bytes(32),), log.note(3)).encode()) == (422, "")
    assert desk.add(log.ask(0, 3))[0] == 200


MALFORMED = {
    "nothing": b"",
    "no old size": Log().ask(0, 3).partition(b"\n")[2],
    "a leading zero": Log().ask(0, 3).replace(b"old 0", b"old 00"),
    "a hash of 31 bytes": Log().ask(0, 3).replace(b"old 0\n", b"old 0\n" + b"AAAA" * 10 + b"AA==\n"),
    "64 hashes": witnessing.Request(0, (bytes(32),) * 64, Log().note(3)).encode(),
    "no note": b"old 0\n\n",
    "no UTF-8": b"old 0\n\n\xff\n",
    "too long": b"old 0\n\n" + b"x" * 140_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_request_is_400(desk: Desk, body: bytes) -> None:
    assert desk.add(body) == (400, "")


def test_a_fork_is_refused_and_both_notes_are_kept(desk: Desk) -> None:
    log, other = Log(), Log(fork=2)
    desk.add(log.ask(0, 5))
    assert desk.add(other.ask(5, 8)) == (422, "")  # longer, with a proof of its own history
    assert desk.accused == []  # only we would know: it is not two trees of one size
    for old in (0, 5):
        assert desk.add(other.ask(old, 5)) == (422, "")
    (file,) = set(desk.accused)
    for log_note in (other.note(5), log.note(5)):
        checkpoint.open_checkpoint(log_note, log=LOG, origin=ORIGIN)
        assert log_note.strip() in file.read_text()
    assert desk.witness.state.last(ORIGIN) is not None
    assert desk.add(log.ask(5, 6))[0] == 200


def test_what_it_cosigned_outlives_it(desk: Desk, tmp_path: Path) -> None:
    desk.add(Log().ask(0, 5))
    again = State(tmp_path / "witness.db").last(ORIGIN)
    assert again is not None
    opened = checkpoint.open_checkpoint(again, log=LOG, origin=ORIGIN, witnesses=[WITNESS], quorum=1)
    assert opened.checkpoint == Log().at(5)


def test_of_two_histories_at_once_one_is_cosigned(desk: Desk) -> None:
    bodies = [Log(fork=n).ask(0, 20) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        statuses = [status for status, _ in pool.map(desk.add, bodies)]
    assert sorted(statuses) == [200, *[422] * 7]


def test_signatures_of_strangers_are_not_kept(desk: Desk) -> None:
    log = Log()
    note = checkpoint.attach(log.note(3), [Signature("stranger", b"abcd", bytes(64))])
    assert desk.add(witnessing.Request(0, (), note).encode())[0] == 200
    kept = desk.witness.state.last(ORIGIN)
    assert kept is not None
    assert [each.name for each in checkpoint.parse_note(kept).signatures] == [ORIGIN, NAME]


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    bound, stop = server.bind(desk.witness, "127.0.0.1", 0), threading.Event()
    thread = threading.Thread(target=server.serve, args=(bound, stop))
    thread.start()
    yield f"http://127.0.0.1:{bound.server_port}"
    stop.set()
    thread.join()


def test_over_http(address: str) -> None:
    log = Log()
    with httpx2.Client(base_url=address) as client:
        mine = f"/{witnessing.log_id(ORIGIN)}/checkpoint"
        assert client.get(mine).status_code == 404
        added = client.post("/add-checkpoint", content=log.ask(0, 4))
        assert (added.status_code, added.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        shown = client.get(mine)
        assert shown.text.endswith(added.text)
        behind = client.post("/add-checkpoint", content=log.ask(3, 5))
        assert (behind.status_code, behind.text) == (409, "4\n")
        assert behind.headers["Content-Type"] == "text/x.tlog.size"
        too_large = client.post("/add-checkpoint", content=b"x" * 140_000)
        assert (too_large.status_code, too_large.headers["Connection"]) == (400, "close")
        assert client.post("/other", content=b"").status_code == 404
        assert client.get("/").status_code == 404


def test_a_port_that_is_taken_is_one_sentence(desk: Desk, address: str) -> None:
    with pytest.raises(Unavailable, match="name another"):
        server.bind(desk.witness, "127.0.0.1", int(address.rpartition(":")[2]))


def test_a_state_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("this is no database, whatever its name says" * 20)
    with pytest.raises(Unavailable, match="cannot be used"):
        State(tmp_path / "state")


def test_a_key_is_made_once_and_says_its_verifier_key(tmp_path: Path) -> None:
    words = ["witness", "key", str(tmp_path / "w.pem"), "--name", NAME]
    made = CliRunner().invoke(main, words)
    assert checkpoint.parse_vkey(made.stdout.strip()).name == NAME
    assert CliRunner().invoke(main, words).exit_code == 2


def test_a_witness_watches_logs_not_witnesses(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["witness", "key", str(tmp_path / "w.pem"), "--name", NAME])
    words = ["--name", NAME, "--key", str(tmp_path / "w.pem"), "--state", str(tmp_path / "s"), "--log", WITNESS.vkey]
    refused = CliRunner().invoke(main, ["witness", "run", *words])
    assert (refused.exit_code, "not of a witness" in refused.stderr) == (2, True)
