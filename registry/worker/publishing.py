"""Sequence what is pending, have the head cosigned, show it. A round that fails changes nothing that was shown.

1. nothing is pending and the newest head is shown: done, after one cheap look
2. the database must not stand behind the head that was kept beside it
3. sequence, with a snapshot as the last leaf: the head is signed, committed, kept; nobody has seen it yet, unless it
   needs no witness
4. have it cosigned; with the quorum's lines it is what everybody is shown. A crash before that leaves a head that
   is cosigned again at the next start: the same tree, so no witness refuses it
"""

from __future__ import annotations

import time

from registry.entries.places import closing
from registry.errors import Unavailable
from registry.log import kept
from registry.log.models import Checkpoint
from registry.log.sequencer import latest, sequence, waits
from registry.log.sequencer import publish as show
from registry.running import Running
from registry.worker.witnesses import Witnesses

PAUSE = 1.0  # seconds before witnesses without a quorum are asked again; sequencing goes on


class Publisher:
    """The log's duty of the worker, with its connections to the witnesses."""

    def __init__(self, run: Running) -> None:
        self._witnesses = Witnesses(run.policy, run.store)
        self._again = 0.0

    def close(self) -> None:
        self._witnesses.close()

    def verify(self, run: Running) -> None:
        """Raise Conflict when what was published before, by ourselves or the witnesses, is not in this log."""
        kept.verify(run.store, log=run.policy.log)
        kept.keep(run.store)
        self._witnesses.verify_not_behind()

    def publish(self, run: Running) -> bool:
        """Whether there may be more. Conflict when the database was set back, Unavailable without a quorum."""
        with run.store.read() as session:
            if not waits(session):  # 1
                return False
        kept.verify(run.store, log=run.policy.log)  # 2
        if self._sequence(run):  # 3
            kept.keep(run.store)
        with run.store.read() as session:
            head = latest(session)
        if head is None or head.published is not None:
            return True
        if time.monotonic() < self._again:
            return False
        note = self._cosigned(head) if self._witnesses.needed else head.note  # 4
        with run.store.write() as session:
            show(session, session.get_one(Checkpoint, head.size), note)
        return True

    def _sequence(self, run: Running) -> Checkpoint | None:
        run.trees.make(run.store, run.clock())
        return sequence(
            run.store,
            key=run.secrets.log_key,
            origin=run.settings.log_origin,
            now=run.clock(),
            witnessed=self._witnesses.needed,
            closing=closing(run.trees),
        )

    def _cosigned(self, head: Checkpoint) -> str:
        try:
            return self._witnesses.cosigned(head)
        except Unavailable:
            self._again = time.monotonic() + PAUSE
            self._witnesses.verify_not_behind()  # it may be our fault, and then no later try would help
            raise
