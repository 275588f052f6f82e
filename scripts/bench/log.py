"""Figures of the log, all from one run: python scripts/bench/log.py [--leaves 1000000] [--write]

Acts are written in bulk, as many as a batch takes, sequenced by the registry's own code into SQLite with
`synchronous=FULL`, and each gets its inclusion proof. Every round also measures the floor, which is hashing the same
leaves and signing one head, so that the ratios hold on a machine that others use too. `--write` puts the table into
docs/benchmarks/log.md.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import platform
import random
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rfc8785
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry import base64url, revisions, vault
from registry.audit import following, history, remote, replay
from registry.clock import rfc3339
from registry.db import Keyring, Store, new_id
from registry.log import leaf, queries, tiles, tree
from registry.log.actions import record
from registry.log.checkpoint import verifier_key
from registry.log.models import Act, Tile
from registry.log.quorum import Policy
from registry.log.sequencer import BATCH, latest, reader, sequence, waits
from scripts.bench.page import replace_figures

ROOT = Path(__file__).resolve().parents[2]
KEYRING = Keyring(b"v" * 32, b"p" * 32)
KEY = Ed25519PrivateKey.generate()
ORIGIN = "registry.example/log"
LOG = verifier_key(ORIGIN, KEY.public_key())
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EMPTY_ROWS = rfc8785.dumps([])
ROWS_DIGEST = base64url.encode(hashlib.sha256(EMPTY_ROWS).digest())


class Times:
    """Seconds by what was measured: on the wall, and of this process's own work."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        begin, worked = time.perf_counter(), time.process_time()
        yield
        self.wall.setdefault(what, []).append(time.perf_counter() - begin)
        self.cpu.setdefault(what, []).append(time.process_time() - worked)

    def median(self, *parts: str) -> tuple[float, float]:
        """Wall and CPU of these one after the other."""
        sums = [sum(statistics.median(kind[part]) for part in parts) for kind in (self.wall, self.cpu)]
        return sums[0], sums[1]

    def p99(self, what: str) -> tuple[float, float]:
        ranked = [sorted(kind[what]) for kind in (self.wall, self.cpu)]
        return ranked[0][int(len(ranked[0]) * 0.99)], ranked[1][int(len(ranked[1]) * 0.99)]


def acts(count: int, now: datetime) -> list[dict[str, object]]:
    """Rows as `record` writes them, of acts that changed no row."""
    made = []
    for _ in range(count):
        uid, salt = new_id(), secrets.token_bytes(32)
        body = {"act": uid, "actor": "olaf", "at": rfc3339(now), "case": None, "facts": {}, "rows": ROWS_DIGEST}
        text = rfc8785.dumps({**body, "v": 1, "verb": "bench"})
        sealed = {
            name: vault.seal(KEYRING.vault_key, data, table="act", row=uid, column=name)
            for name, data in (("salt", salt), ("record", text), ("rows", EMPTY_ROWS))
        }
        commitment = leaf.commit(salt, "act", text)
        made.append({"uid": uid, "type": "act", "at": now, "commitment": commitment, "clear": None, **sealed})
    return made


def fill(store: Store, times: Times, leaves: int) -> None:
    done = 0
    while done < leaves:
        now = START + timedelta(milliseconds=done)
        rows = acts(min(BATCH, leaves - done), now)
        with times.measure("write"), store.write() as session:
            session.execute(sa.insert(Act), rows)
        with times.measure("sequence"):
            sequence(store, key=KEY, origin=ORIGIN, now=now)
        done += len(rows)
        if done % (BATCH * 16) == 0 or done >= leaves:
            prove_batch(store, times, done - len(rows), done)
            print(f"\r{done:,} leaves", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def prove_batch(store: Store, times: Times, start: int, end: int) -> None:
    with store.read() as session:
        found = session.scalars(sa.select(Act).where(Act.position >= start).order_by(Act.position)).all()
        with times.measure("prove"):
            proofs = queries.prove_all(session, found)
        assert all(proofs)
        assert len(proofs) == end - start
        entries = [act.entry for act in found if act.entry]
    with times.measure("floor"):
        tree.root_of(tree.leaf_hash(entry) for entry in entries)
        KEY.sign(b"head")


def cold(store: Store, times: Times, leaves: int) -> None:
    """Each over a connection of its own: nothing is cached but by the system."""
    dice = random.Random(1)
    for _ in range(1000):
        store.engine.dispose()
        position = dice.randrange(leaves)
        with store.read() as session:
            act = session.scalars(sa.select(Act).where(Act.position == position)).one()
            with times.measure("proof cold"):
                assert queries.prove(session, act)


def restart(store: Store, times: Times) -> None:
    for _ in range(100):
        store.engine.dispose()
        with store.read() as session:
            session.connection()
            with times.measure("root"):
                head = latest(session)
                assert head is not None
                assert tree.root_at(head.size, tiles.hashes(reader(session))) == head.root


def audits(store: Store, times: Times, leaves: int) -> None:
    with store.read() as session:
        hashes = [tree.leaf_hash(entry) for entry in session.scalars(sa.select(Act.entry).order_by(Act.position))]
        stored = {(t.level, t.index): t.hashes for t in session.scalars(sa.select(Tile))}
        head = latest(session)
    assert head is not None
    with times.measure("audit tree"):
        placed = {at: history.Placed("", each) for at, each in enumerate(hashes)}
        found = history.Found(placed, stored, [history.Head("", head.size, head.root)], lambda at: str(at))
        assert history.compare(found).differences == ()
    del hashes, placed, stored, found
    gc.collect()
    now = START + timedelta(days=1)
    with times.measure("audit full"):
        outcome = replay.audit(store, log=LOG, now=now)
    assert outcome.differences == (), outcome.differences[:3]
    seen = head.note
    with store.write() as session:
        session.execute(sa.insert(Act), acts(1000, now))
    sequence(store, key=KEY, origin=ORIGIN, now=now)
    with times.measure("audit on"):
        followed = following.follow(_fetch(store), policy=Policy(LOG), seen=seen)
    assert followed.differences == ()
    with times.measure("audit outside"):
        assert remote.audit(_fetch(store), policy=Policy(LOG)).differences == ()


def _fetch(store: Store) -> remote.Fetch:
    def fetch(path: str) -> bytes:
        with store.read() as session:
            return queries.head_note(session).encode() if path == "checkpoint" else queries.tile(session, path)

    return fetch


def latency(store: Store, times: Times) -> None:
    """From a committed act to the checkpoint that covers it, while the worker's log thread runs as it does."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            with store.read() as session:
                if not waits(session):
                    continue
            sequence(store, key=KEY, origin=ORIGIN, now=START + timedelta(days=2))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(200):
        with store.write() as session:
            act = record(session, "bench", actor="olaf", now=START + timedelta(days=2)).id
        with times.measure("published"):
            while not _is_public(store, act):
                time.sleep(0.002)
    stop.set()
    thread.join()


def _is_public(store: Store, act: int) -> bool:
    with store.read() as session:
        return queries.is_public(session, session.get_one(Act, act).position)


def table(times: Times, leaves: int) -> str:
    batch = min(BATCH, leaves)
    rows = [
        _rate("receipts per second, sequenced and proven", batch, times.median("sequence", "prove"), 15_000),
        _rate("… with the writing of the acts", batch, times.median("write", "sequence", "prove"), None),
        _rate("… if it were hashing and signing alone", batch, times.median("floor"), None),
        _span("root after a restart, median", times.median("root"), 0.005),
        _span("cold inclusion proof, median", times.median("proof cold"), None),
        _span("cold inclusion proof, p99", times.p99("proof cold"), 0.001),
        _span("act to published checkpoint, p99", times.p99("published"), 1),
        _span("audit of the tree", times.median("audit tree"), 5),
        _span("audit with every opening", times.median("audit full"), 120),
        _span("audit from outside, all of it", times.median("audit outside"), None),
        _span("audit from outside, 1,000 leaves later", times.median("audit on"), None),
    ]
    lines = [f"| at {leaves:,} leaves | on the wall | own work | wanted | |", "|---|---|---|---|---|", *rows]
    return "\n".join(lines)


def _rate(what: str, count: int, found: tuple[float, float], wanted: int | None) -> str:
    wall, cpu = (count / seconds for seconds in found)
    return _row(what, f"{wall:,.0f}", f"{cpu:,.0f}", f"{wanted:,}" if wanted else "", _verdict(wall, cpu, wanted))


def _span(what: str, found: tuple[float, float], wanted: float | None) -> str:
    wall, cpu = found
    verdict = _verdict(1 / wall, 1 / cpu, 1 / wanted if wanted else None)
    return _row(what, _seconds(wall), _seconds(cpu), _seconds(wanted) if wanted else "", verdict)


def _verdict(wall: float, cpu: float, wanted: float | None) -> str:
    """By how much it was missed, and whether the machine's other work explains it."""
    if wanted is None or wall >= wanted:
        return ""
    return "missed on the wall alone" if cpu >= wanted else f"missed: {wanted / cpu:.1f} times"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/registry.db", KEYRING)
        revisions.upgrade(store.engine)
        fill(store, times, options.leaves)
        restart(store, times)
        cold(store, times, options.leaves)
        audits(store, times, options.leaves)
        latency(store, times)
        store.engine.dispose()
    text = table(times, options.leaves)
    print(text)
    if options.write:
        page = ROOT / "docs/benchmarks/log.md"
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        where = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load} (others used the machine)."
        replace_figures(page, f"{where}\n\n{text}")


if __name__ == "__main__":
    main()
