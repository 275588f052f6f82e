"""The key holder's memory: locked where the machine allows it, and said where it does not."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable

PROGRAM = """
from registry.keyholder.memory import stay_out_of_swap
said = stay_out_of_swap()
locked = [line for line in open("/proc/self/status") if line.startswith("VmLck")]
print(said, int(locked[0].split()[1]) > 0)
"""


def run(before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], preexec_fn=before, capture_output=True, text=True, check=True
    )


def test_it_says_that_memory_is_locked_when_it_is_and_only_then() -> None:
    said, locked = run().stdout.split()
    assert said == locked


def test_a_limit_is_said_and_stops_nothing() -> None:
    done = run(lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 4096)))
    assert done.stdout.split() == ["False", "False"]
    assert "LimitMEMLOCK" in done.stderr
