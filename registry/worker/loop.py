"""The worker's loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from registry.errors import ZiluError
from registry.log.sequencer import sequence, verify_head
from registry.running import Running
from registry.worker import clocks, outbox

PAUSE = 0.1  # seconds between rounds: an act's leaf is published well within a second
SELDOM = 60.0  # seconds between rounds of what may wait

Duty = Callable[[Running], bool]

_log = structlog.get_logger("zilu.worker")


def publish(run: Running) -> bool:
    """Sequence what is pending and sign the head."""
    return sequence(run.store, key=run.secrets.log_key, origin=run.settings.log_origin, now=run.clock()) is not None


OFTEN: tuple[Duty, ...] = (publish, clocks.listings, clocks.appeals, outbox.deliver)
NOW_AND_THEN: tuple[Duty, ...] = (clocks.escalations, clocks.sweeps)


def run(running: Running, stop: threading.Event) -> None:
    """Work until `stop` is set. Conflict at once when the log does not fit its own head."""
    verify_head(running.store)
    next_seldom = 0.0
    while not stop.wait(PAUSE):
        duties = OFTEN
        if time.monotonic() >= next_seldom:
            duties, next_seldom = OFTEN + NOW_AND_THEN, time.monotonic() + SELDOM
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
