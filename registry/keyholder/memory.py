"""What the process asks of its machine, so that the key stays in its memory."""

from __future__ import annotations

import ctypes
import logging
import resource
import sys

_PR_SET_DUMPABLE = 4
_MCL_CURRENT_AND_FUTURE = 1 | 2

_log = logging.getLogger("zilu.keyholder")


def leave_no_dump() -> None:
    """No core file, and no other process of this user may read this one's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a core that is piped to a program ignores the limit
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def stay_out_of_swap() -> bool:
    """Lock all memory, now and later. Where that is not allowed (RLIMIT_MEMLOCK) it is said, and nothing stops."""
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if resource.RLIM_INFINITY not in (soft, hard):  # a limit would later refuse a thread its stack
        _log.warning("memory may be swapped: allow the key holder to lock it (LimitMEMLOCK=infinity)")
        return False
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
    if sys.platform != "linux" or ctypes.CDLL(None).mlockall(_MCL_CURRENT_AND_FUTURE) != 0:
        _log.warning("memory may be swapped: this system does not let the key holder lock it")
        return False
    return True
