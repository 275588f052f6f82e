"""The stage: a folder, a clock that stands where the story is, and a real registry that serves in processes of its own.

Whatever the story does, it does as the people in it would: with the command line, over HTTP, or on a web page. Only
founding and the waiting for the worker look into the database.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click
import httpx2
import sqlalchemy as sa

from registry.clock import rfc3339
from registry.config import Settings, load
from registry.errors import Conflict, Unavailable
from registry.log.models import Act
from registry.running import Running, start

PATIENCE = 120.0  # real seconds for a part to do what it is waited for


class StoryFailed(Exception):
    """A step of the story did not go as told. The message says which."""


@dataclass
class Stage:
    """`begin` is the moment at which the story starts; `at` moves its clock."""

    folder: Path
    begin: datetime
    quiet: bool = False
    server: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    visits: ExitStack = field(default_factory=ExitStack, repr=False)  # connections of the people in the story

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def settings(self) -> Settings:
        return load(self.config)

    @property
    def run(self) -> Running:
        return start(self.settings)

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    # Time

    def at(self, day: int, hour: int = 9, minute: int = 0) -> datetime:
        """Move the clock to an hour of the story's day, once everything of the hour before has been logged."""
        if self.server is not None:
            self.settle()
        now = self.begin + timedelta(days=day, hours=hour, minutes=minute)
        temporary = self.clock_file.with_suffix(".new")
        temporary.write_text(rfc3339(now))
        temporary.rename(self.clock_file)
        return now

    def begin_real_time(self) -> None:
        self.settle()
        self.clock_file.unlink()

    # Telling

    def chapter(self, title: str) -> None:
        date = self.settings.clock().date()
        self.say(click.style(f"\n{date}  {title}", bold=True))

    def say(self, text: str) -> None:
        if not self.quiet:
            click.echo(text)

    def told(self, text: str) -> None:
        self.say(f"            {text}")

    # The registry

    def serve(self) -> None:
        command = [sys.executable, "-m", "registry", "--config", str(self.config), "serve", "--quiet"]
        self.server = subprocess.Popen(command, start_new_session=True)
        self.wait(self.ready, "the registry answers")

    def ready(self) -> bool:
        if self.server is not None and self.server.poll() is not None:
            raise StoryFailed("the registry did not start")
        try:
            return httpx2.get(f"{self.settings.registry.issuer}/readyz", timeout=2).is_success
        except httpx2.HTTPError:
            return False

    def stop(self) -> None:
        self.visits.close()
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(PATIENCE)
        self.server = None

    def kill(self) -> None:
        """End every process of the registry at once, as a power failure would."""
        self.visits.close()
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait(PATIENCE)
        self.server = None

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise StoryFailed(f"waited in vain until {what}")
            time.sleep(0.05)

    def settle(self) -> None:
        """Until every act has its place in the log."""
        store = self.run.store

        def sequenced() -> bool:
            with store.read() as session:
                return session.scalars(sa.select(Act.id).where(Act.position.is_(None)).limit(1)).first() is None

        self.wait(sequenced, "every act is in the log")
        store.engine.dispose()

    # The command line, as a person would type it

    def zilu(self, *arguments: str, typed: str = "", expect: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run a command; StoryFailed when it ends with another exit code than expected."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
        self.say(click.style(f"            $ zilu {shown}", dim=True))
        command = [sys.executable, "-m", "registry", "--config", str(self.config), *arguments]
        done = subprocess.run(command, input=typed, text=True, capture_output=True, check=False)
        if done.returncode not in expect:
            raise StoryFailed(f"zilu {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        for line in (done.stdout + done.stderr).strip().splitlines()[-8:]:
            self.told(line)
        return done


def prepare(folder: Path) -> int:
    """Make `folder` ours and empty, keeping what an earlier demo left as `<folder>-before`; returns the lock.

    Conflict while another demo uses it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.parent / f".{folder.name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict(f"a demo is using {folder} already; stop it first") from None
    if folder.exists():
        before = folder.with_name(f"{folder.name}-before")
        shutil.rmtree(before, ignore_errors=True)
        folder.rename(before)
    return lock


def free_port(wanted: int) -> int:
    """`wanted`, or the next of ten that nothing listens on."""
    for port in range(wanted, wanted + 10):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Unavailable(f"ports {wanted} to {wanted + 9} are in use; name another with --port", retry_after=60)
