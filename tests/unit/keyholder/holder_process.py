"""A key holder as a process: the program that runs in it, and the class with which a test starts and stops it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import registry
from registry.clock import from_file, rfc3339
from registry.keyholder.answers import Ceilings
from registry.keyholder.server import serve
from registry.keys.holder import Holder

PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class Process:
    """Where a holder keeps its files, and how it is started on them."""

    folder: Path
    key_file: Path
    member_ceiling: int = 20
    overall_ceiling: int = 30

    @property
    def socket(self) -> Path:
        return self.folder / "holder.sock"

    @property
    def client(self) -> Holder:
        return Holder(self.socket)

    def set_clock(self, at: datetime) -> None:
        (self.folder / "clock").write_text(rfc3339(at))

    @contextlib.contextmanager
    def running(self, *, kill: bool = False) -> Iterator[dict[str, Any]]:
        """The holder from its first answer on, with what it said of itself; at the end stopped, or killed."""
        environment = os.environ | {"PYTHONPATH": str(Path(registry.__file__).parents[1])}
        arguments = [str(self.folder), str(self.key_file), str(self.member_ceiling), str(self.overall_ceiling)]
        command = [sys.executable, __file__, *arguments]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield json.loads(process.stdout.readline() if process.stdout else "")
            finally:
                process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
                stopped = _waited(process)
        assert stopped, "the holder did not stop within 10 seconds"
        assert process.returncode == (-signal.SIGKILL if kill else 0)


def _waited(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        return False
    return True


def main(folder: Path, key_file: Path, member_ceiling: int, overall_ceiling: int) -> None:
    """Serve until SIGTERM; print a line of JSON about the process once it is ready."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def ready() -> None:
        dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else 0
        core = resource.getrlimit(resource.RLIMIT_CORE)
        print(json.dumps({"pid": os.getpid(), "core": core, "dumpable": dumpable}), flush=True)

    serve(
        way=folder / "holder.sock",
        key_file=key_file,
        passphrase=PASSPHRASE,
        counters_path=folder / "counters.db",
        ceilings=Ceilings(member_ceiling, overall_ceiling, 20),
        clock=from_file(folder / "clock"),
        stop=stop,
        ready=ready,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
