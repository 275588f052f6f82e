"""`zilu serve`: the processes of a registry, key holder, worker and web, as one group.

They are children of `serve` and stop with it: when one ends unasked the whole group ends, so that a
registry is never half up. A child whose parent is killed is killed by the kernel.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.stopping import stop_event
from registry.config import ServerSection
from registry.errors import Unavailable
from registry.parent import end_with_parent
from registry.running import holder_of

PATIENCE = 60.0  # seconds that a part may take to start or to stop


@click.command()
@click.option("--quiet", is_flag=True, help="Say nothing when ready.")
@click.pass_obj
def serve(context: Context, quiet: bool) -> None:
    """Run the whole registry: key holder, worker and web, until interrupted.

    A key holder behind mutual TLS ([keyholder.tls]) runs on its own machine, by zilu keyholder, and is waited for.
    """
    settings = context.settings
    holder = holder_of(settings)
    duties = ["worker"] if settings.keyholder.tls else ["keyholder", "worker"]
    children = [_child(context.config, duty) for duty in duties]
    try:
        _await(holder.public, children, "the key holder")
        children.append(_web(context.config, settings.server))
        _await(lambda: _answers(settings.server), children, "the web server")
        if not quiet:
            click.echo(f"Zilu serves {settings.registry.name} at {settings.registry.issuer}; Ctrl-C stops it.")
        _watch(children, stop_event())
    finally:
        _end(children)


def _child(config: Path, duty: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "registry", "--config", str(config), duty]
    return subprocess.Popen(command, preexec_fn=end_with_parent)


def _web(config: Path, section: ServerSection) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws", "--log-level", "warning"]
    command += ["--host", section.host, "--port", str(section.port), "--workers", str(section.workers)]
    command += ["--blocking-threads", "4", "registry.app:wsgi"]
    env = {**os.environ, "ZILU_CONFIG": str(config.resolve())}
    return subprocess.Popen(command, env=env, preexec_fn=end_with_parent)


def _answers(section: ServerSection) -> None:
    try:
        socket.create_connection((section.host, section.port), timeout=1).close()
    except OSError:
        raise Unavailable("the web server does not answer yet", retry_after=1) from None


def _await(probe: Callable[[], object], children: Sequence[subprocess.Popen[bytes]], what: str) -> None:
    """Until the part answers; Unavailable when it ends or takes longer than a minute."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and all(child.poll() is None for child in children):
        try:
            probe()
            return
        except Unavailable:
            time.sleep(0.05)
    raise Unavailable(f"{what} did not start", retry_after=5)


def _watch(children: Sequence[subprocess.Popen[bytes]], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        if any(child.poll() is not None for child in children):
            raise Unavailable("a part of the registry ended by itself; all of it stops", retry_after=5)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """The last started stops first: no request may come in while what answers it goes away."""
    for child in reversed(children):
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
