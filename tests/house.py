"""A whole registry on a clock that moves: its worker, its log, and what a stranger makes of the exported log."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from registry import base64url
from registry.appeals import draw as drawing
from registry.audit import export, stored
from registry.audit.judge.verdict import Verdict, judge
from registry.db import Store
from registry.keys.holder import Holder
from registry.log import checkpoint, leaf, tree
from registry.log.checkpoint import verifier_key
from registry.log.sequencer import sequence
from registry.running import Running
from registry.signing import canonical
from registry.worker import clocks
from tests.app_fixture import SECRETS, settings
from tests.authorities import Authority, authorities
from tests.cast import Cast
from tests.conftest import KEYRING, START, MovingClock

ORIGIN = settings().log_origin
DUTIES = (
    clocks.listings,
    clocks.endings,
    clocks.unheard,
    clocks.appeals,
    clocks.findings,
    clocks.escalations,
    clocks.orders,
    clocks.amendments,
    clocks.reviews,
    clocks.erasures,
    clocks.sweeps,
)
AT_MOST = 20  # rounds of one duty at one moment


@dataclass
class House:
    """The registry of the tests' cast, with a regulator and an operator who have keys."""

    store: Store
    cast: Cast
    holder: Holder
    clock: MovingClock
    rex: Authority = field(init=False)
    olaf: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.run = Running(settings(), SECRETS, self.store, self.clock, self.holder)
        self.rex, self.olaf = authorities(self.store, self.cast, self.clock())
        with self.store.write() as session:
            drawing.publish_key(session, draw_public=self.holder.public().draw_public, now=self.clock())

    def sequence(self) -> None:
        sequence(self.store, key=SECRETS.log_key, origin=ORIGIN, now=self.clock())

    def pass_time(self, by: timedelta) -> None:
        """Time goes by, and the worker comes round until nothing is due any more."""
        self.clock.move(by)
        self.work()

    def work(self) -> None:
        for duty in DUTIES:
            self.sequence()
            for _ in range(AT_MOST):
                if not duty(self.run):
                    break
        self.sequence()

    def draw(self) -> None:
        """What has happened gets its place in the log, and panels that can be drawn are."""
        self.sequence()
        clocks.appeals(self.run)
        self.sequence()

    def export(self) -> list[str]:
        with self.store.read() as session, stored.viewing(session) as view:
            return list(export.lines(view, keyring=session.keyring, now=self.clock()))

    def judged(self) -> Verdict:
        """What somebody who has nothing but the export and the log's key says of it."""
        self.sequence()
        return judge(self.export(), log=verifier_key(ORIGIN, SECRETS.log_key.public_key()))


@contextmanager
def opened(founded: tuple[Path, Cast], holder: Holder, clock: MovingClock) -> Iterator[House]:
    """A house of one's own; `clock` is the key holder's as well, and begins anew."""
    folder = Path(tempfile.mkdtemp(prefix="zilu-"))
    shutil.copy(founded[0], folder / "registry.db")
    store = Store(f"sqlite:///{folder / 'registry.db'}", KEYRING)
    clock.at = START
    try:
        yield House(store, founded[1], holder, clock)
    finally:
        store.engine.dispose()
        shutil.rmtree(folder)


Edit = Callable[[list[dict[str, Any]]], object]


def doctored(lines: list[str], edit: Edit) -> list[str]:
    """The export of a registry that logged something else: `edit` changes the records, and all hashes are made anew."""
    found = [json.loads(line) for line in lines[1:]]
    edit([each["record"] for each in found])
    peaks: tree.Peaks = []
    for each in found:
        if each["record"] is not None:
            salt, record = base64url.decode(each["salt"], field="salt"), canonical.dumps(each["record"])
            each["leaf"]["c"] = base64url.encode(leaf.commit(salt, each["leaf"]["type"], record))
        tree.push(peaks, tree.leaf_hash(canonical.dumps(each["leaf"])))
    head = checkpoint.Checkpoint(ORIGIN, len(found), tree.fold(peaks))
    first = {"checkpoint": checkpoint.sign(head, key=SECRETS.log_key), "v": 1}
    return [json.dumps(each) for each in (first, *found)]
