"""The worker's loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from registry.audit import objects
from registry.errors import ZiluError
from registry.log import kept
from registry.log.checkpoint import VerifierKey, verifier_key
from registry.log.sequencer import sequence, verify_head
from registry.running import Running
from registry.worker import clocks, outbox

PAUSE = 0.1  # seconds between rounds: an act's leaf is published well within a second
SELDOM = 60.0  # seconds between rounds of what may wait

Duty = Callable[[Running], bool]

_log = structlog.get_logger("zilu.worker")


def publish(run: Running) -> bool:
    """Sequence what is pending, sign the head and keep it. Conflict when the database was set back."""
    kept.verify(run.store, log=_log_of(run))
    head = sequence(run.store, key=run.secrets.log_key, origin=run.settings.log_origin, now=run.clock())
    if head is not None:
        kept.keep(run.store)
    return head is not None


def _log_of(run: Running) -> VerifierKey:
    return verifier_key(run.settings.log_origin, run.secrets.log_key.public_key())


OFTEN: tuple[Duty, ...] = (publish, clocks.listings, clocks.appeals)
NOW_AND_THEN: tuple[Duty, ...] = (clocks.escalations, clocks.sweeps)


def run(running: Running, stop: threading.Event) -> None:
    """Work until `stop` is set. Conflict at once when the database is not ours to write.

    That is when it has objects that nobody migrated, its log does not fit its own head, or it stands behind what was
    published. The outbox has a thread of its own: no receiver of messages may stop the log or a clock.
    """
    objects.verify(running.store)
    verify_head(running.store)
    kept.verify(running.store, log=_log_of(running))
    kept.keep(running.store)
    messages = threading.Thread(target=_rounds, args=(running, stop, (outbox.deliver,), ()))
    messages.start()
    _rounds(running, stop, OFTEN, NOW_AND_THEN)
    messages.join()


def _rounds(running: Running, stop: threading.Event, often: Sequence[Duty], seldom: Sequence[Duty]) -> None:
    next_seldom = 0.0
    while not stop.wait(PAUSE):
        duties = list(often)
        if time.monotonic() >= next_seldom:
            duties, next_seldom = [*often, *seldom], time.monotonic() + SELDOM
        for duty in duties:
            _repeat(duty, running, stop)


def _repeat(duty: Duty, running: Running, stop: threading.Event) -> None:
    """A duty that fails is tried again next round; the others go on."""
    try:
        while not stop.is_set() and duty(running):
            pass
    except ZiluError as error:
        _log.warning("duty refused", duty=duty.__name__, code=error.code, reason=error.message)
    except Exception as error:  # its text may hold personal data
        _log.error("duty failed", duty=duty.__name__, kind=type(error).__name__)
