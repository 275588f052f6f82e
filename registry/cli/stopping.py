"""How a process of ours is asked to stop."""

from __future__ import annotations

import signal
import threading


def stop_event() -> threading.Event:
    """Set by the first SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
