"""Kill the sequencer at every point, in processes of their own; what anybody could have seen is kept in a file.

    python -m tests.functional.crash.killing FOLDER SEED TRIALS

A trial writes some acts and sequences them in a child that is killed at one point: before or after a statement, before
the commit, at an opened or renamed file, or not at all. Then the parent sequences what was left. With 0 trials every
point is tried once. Prints one JSON object: how many were killed, and every note that left a process.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from registry import revisions
from registry.audit.replay import audit
from registry.db import Keyring, Store
from registry.log import kept
from registry.log.actions import record
from registry.log.checkpoint import verifier_key
from registry.log.sequencer import sequence, verify_head

KEYRING = Keyring(vault_key=b"v" * 32, pepper=b"p" * 32)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ORIGIN = "127.0.0.1:8420/log"
LOG = verifier_key(ORIGIN, KEY.public_key())
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'registry.db'}"
        self.seen = folder / "seen"
        self.number = 0
        self.killed = 0

    def store(self) -> Store:
        return Store(self.url, KEYRING)

    def trial(self, acts: int, point: int) -> bool:
        """Whether the child was killed at this point, rather than coming to its end before."""
        self.number += 1
        child = os.fork()
        if child == 0:
            self._die_at(point, acts)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        self.killed += killed
        self.recover()
        return killed

    def _die_at(self, point: int, acts: int) -> None:
        store, left = self.store(), count(1)

        def tick(*_: object) -> None:
            if next(left) == point:
                os.kill(os.getpid(), signal.SIGKILL)

        with store.write() as session:
            for _ in range(acts):
                record(session, "nothing", actor="olaf", now=self.now)
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(store.engine, name, tick)
        sys.addaudithook(lambda name, _: tick() if name in ("open", "os.rename") else None)
        self.publish(store)
        os._exit(0)

    def publish(self, store: Store) -> None:
        """As the worker does: sequence, keep, and only then does anybody see it."""
        kept.verify(store, log=LOG)
        head = sequence(store, key=KEY, origin=ORIGIN, now=self.now)
        kept.keep(store)
        if head is not None and head.published is not None:
            with self.seen.open("a") as seen:
                seen.write(json.dumps(head.published) + "\n")

    def recover(self) -> None:
        """What was left pending is sequenced, and everything is as it should be."""
        store = self.store()
        verify_head(store)
        self.publish(store)
        verify_head(store)
        found = audit(store, log=LOG, now=self.now).differences
        store.engine.dispose()
        if found:
            raise SystemExit(f"trial {self.number}: {found[0].name}: {found[0].why}")

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.number)


def _every_point(bench: Bench) -> Iterator[None]:
    point = 1
    while bench.trial(3, point):
        point += 1
        yield


def _walk(bench: Bench, dice: random.Random, trials: int) -> Iterator[None]:
    for _ in range(trials):
        bench.trial(dice.choice((0, 1, 3, 200)), dice.randrange(1, 40))
        yield


def main(folder: Path, seed: int, trials: int) -> None:
    bench = Bench(folder)
    store = bench.store()
    revisions.upgrade(store.engine)
    store.engine.dispose()
    for _ in _walk(bench, random.Random(seed), trials) if trials else _every_point(bench):
        pass
    notes = [json.loads(line) for line in bench.seen.read_text().splitlines()]
    print(json.dumps({"trials": bench.number, "killed": bench.killed, "notes": notes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
