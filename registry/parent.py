"""Processes that must not outlive the one that started them."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel (Linux) to kill this process when the one that started it dies.

    A parent that died before we asked sends no signal, so a worker of `multiprocessing` looks once itself: left alone
    it would go on answering on the registry's port.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit("the process that started this one is gone")
