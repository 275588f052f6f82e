"""The worker's loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from registry.audit import objects
from registry.errors import ZiluError
from registry.log.alone import alone
from registry.log.sequencer import verify_head
from registry.running import Running
from registry.worker import clocks, metrics, outbox
from registry.worker.own_keys import OwnKeys
from registry.worker.publishing import Publisher

WAKE = 0.05  # seconds between two looks for new acts: a published leaf is well within a second
GATHER = 0.2  # seconds from one head to the next: under load acts share a batch, its snapshot and its signature
PAUSE = 0.1  # seconds between rounds
SELDOM = 60.0  # seconds between rounds of what may wait

Duty = Callable[[Running], bool]

_log = structlog.get_logger("zilu.worker")


OFTEN: tuple[Duty, ...] = (clocks.listings, clocks.endings, clocks.unheard, clocks.appeals, clocks.alarms)
NOW_AND_THEN: tuple[Duty, ...] = (
    clocks.findings,
    clocks.escalations,
    clocks.orders,
    clocks.amendments,
    clocks.reviews,
    clocks.erasures,
    clocks.sweeps,
)


def publish(run: Running) -> bool:
    """One round of the log's duty, by itself."""
    publisher = Publisher(run)
    try:
        return publisher.publish(run)
    finally:
        publisher.close()


def run(running: Running, stop: threading.Event) -> None:
    """Work until `stop` is set, once no other worker does. Conflict at once when the database is not ours to write.

    That is when it has objects that nobody migrated, its log does not fit its own head, or it stands behind what was
    published. The log and the outbox have threads of their own: no receiver of messages may stop the log or a clock,
    and no clock the log.
    """
    with alone(running.store, stop, _wait) as held:
        if held:
            with metrics.serving(running):
                _work(running, stop)


def _wait() -> None:
    _log.warning("another worker is at work; this one waits to take over")


def _work(running: Running, stop: threading.Event) -> None:
    objects.verify(running.store)
    verify_head(running.store)
    publisher = Publisher(running)
    publisher.verify(running)
    rounds = (
        (PAUSE, 0.0, (outbox.deliver,), ()),
        (WAKE, GATHER, (publisher.publish,), ()),
        (PAUSE, 0.0, (OwnKeys().publish_keys,), ()),
    )
    threads = [threading.Thread(target=_rounds, args=(running, stop, *each)) for each in rounds]
    for thread in threads:
        thread.start()
    _rounds(running, stop, PAUSE, 0.0, OFTEN, NOW_AND_THEN)
    for thread in threads:
        thread.join()
    publisher.close()


def _rounds(
    running: Running,
    stop: threading.Event,
    pause: float,
    between: float,
    often: Sequence[Duty],
    seldom: Sequence[Duty],
) -> None:
    """`pause` seconds after each round, and `between` before a duty that had something to do is asked again."""
    next_seldom = 0.0
    while not stop.wait(pause):
        duties = list(often)
        if time.monotonic() >= next_seldom:
            duties, next_seldom = [*often, *seldom], time.monotonic() + SELDOM
        for duty in duties:
            _repeat(duty, running, stop, between)


def _repeat(duty: Duty, running: Running, stop: threading.Event, between: float) -> None:
    """A duty that fails is tried again next round; the others go on."""
    try:
        while not stop.is_set() and duty(running):
            stop.wait(between)
    except ZiluError as error:
        _log.warning("duty refused", duty=duty.__name__, code=error.code, reason=error.message)
    except Exception as error:  # its text may hold personal data
        _log.error("duty failed", duty=duty.__name__, kind=type(error).__name__)
