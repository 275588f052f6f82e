"""Log the registry's own keys when they are new, and look again every minute: an identity key can be rotated."""

from __future__ import annotations

import time

from registry.log import own_keys
from registry.running import Running, public_keys

AGAIN = 60.0  # seconds


class OwnKeys:
    def __init__(self) -> None:
        self._next = 0.0

    def publish_keys(self, run: Running) -> bool:
        """Never says that there may be more; Unavailable while the key holder does not answer."""
        if time.monotonic() < self._next:
            return False
        with run.store.read() as session:
            clears = public_keys(run, session)
            known = own_keys.are_logged(session, clears)
        if not known:
            with run.store.write() as session:
                own_keys.publish(session, clears, run.clock())
        self._next = time.monotonic() + AGAIN
        return False
