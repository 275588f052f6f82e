"""The application behind a real port, and a member's folder with a configuration that points there."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from werkzeug.serving import make_server

from registry.cli import main
from registry.clock import rfc3339
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.running import Running
from registry.signing import keys
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import application, show_keys

PROFILES = ("hana", "rui", "ana", "ben")


@dataclass
class Desk:
    """A folder with profiles, and the command line in it."""

    folder: Path
    issuer: str
    store: Store
    clock: MovingClock

    def zilu(self, *words: str | Path, typed: str | None = None) -> Result:
        words = ("--config", self.folder / "config.toml", *words)
        return CliRunner().invoke(main, [str(word) for word in words], input=typed)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """As a process of its own, to be killed."""
        command = [sys.executable, "-m", "registry", "--config", str(self.folder / "config.toml"), *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def tick(self) -> None:
        """Let the command line see the time that it is."""
        (self.folder / "now").write_text(rfc3339(self.clock()))

    def run_log(self) -> None:
        sequence(self.store, origin=settings(self.issuer).log_origin, key=SECRETS.log_key, now=self.clock())

    def pins(self, account: str) -> Path:
        return self.folder / f"{account}.registry.json"


@pytest.fixture
def desk(store: Store, clock: MovingClock, holder: Holder, cast: Cast, tmp_path: Path) -> Iterator[Desk]:
    server = make_server("127.0.0.1", 0, application(), threaded=True)
    issuer = f"http://127.0.0.1:{server.server_port}"
    run = Running(settings(issuer), SECRETS, store, clock, holder)
    application().extensions["zilu"] = run
    show_keys(run)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    desk = Desk(tmp_path / "desk", issuer, store, clock)
    desk.folder.mkdir()
    _furnish(desk, cast)
    yield desk
    server.shutdown()
    thread.join()
    server.server_close()


def _furnish(desk: Desk, cast: Cast) -> None:
    sections: list[str] = [f"[registry]\nissuer = {json.dumps(desk.issuer)}\nclock_file = 'now'"]
    for name in PROFILES:
        person = cast[name]
        account = person.actor.id
        assert person.client_key is not None
        assert person.key is not None
        keys.store(desk.folder / f"{account}.pem", person.client_key)
        keys.store(desk.folder / f"{account}-signing.pem", person.key)
        sections.append(
            f"[client.{account}]\naccount = '{account}'\nclient_key = '{account}.pem'\n"
            f"signing_key = '{account}-signing.pem'"
        )
    (desk.folder / "config.toml").write_text("\n".join(sections))
    desk.tick()
