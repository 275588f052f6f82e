"""`zilu audit`, against a database and against an address."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from registry.cli import main
from registry.cli.audit import Bar
from registry.cli.init import write_settings
from registry.cli.migrate import upgrade
from registry.config import load
from registry.log import checkpoint
from registry.log.actions import record
from registry.members.actions import admit
from registry.members.models import Kind
from registry.running import Running, start
from registry.worker.loop import publish
from tests.unit.audit.conftest import ORIGIN
from tests.unit.audit.test_audit_remote import ENTRIES, Served, entry

ISSUER = "http://127.0.0.1:8420"


@dataclass(frozen=True)
class Home:
    """A registry's folder."""

    config: Path
    run: Running

    @property
    def database(self) -> Path:
        return self.config.parent / "registry.db"

    def zilu(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.config), "audit", *arguments])

    def edit(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    config = write_settings(tmp_path / "home", issuer=ISSUER, name="Test")
    settings = load(config)
    upgrade(settings)
    run = start(settings)
    with run.store.write() as session:
        admit(session, id="acme", name="Acme", kind=Kind.CARRIER, headcount=1, actor="system:founding", now=run.clock())
    publish(run)
    yield Home(config, run)
    run.store.engine.dispose()


def test_a_sound_database_ends_with_0(home: Home) -> None:
    result = home.zilu()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "No difference. Looked at: 2 acts, 3 rows, 1 checkpoints, 0 pending.\n"


def test_a_difference_is_one_line_with_kind_name_and_sentence_and_ends_with_1(home: Home) -> None:
    home.edit("UPDATE member SET name = 'Apex'")
    result = home.zilu()
    line, summary = result.stdout.splitlines()
    assert result.exit_code == 1
    assert line == "altered     member:acme  it is not what act:1 attests"
    assert summary.startswith("1 difference. Looked at: ")
    assert "Apex" not in result.output


def test_json_says_the_same(home: Home) -> None:
    assert json.loads(home.zilu("--json").stdout) == {
        "ok": True,
        "differences": [],
        "acts": 2,
        "rows": 3,
        "checkpoints": 1,
        "pending": 0,
        "warnings": [],
    }
    home.edit("DELETE FROM unit")
    result = home.zilu("--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert not said["ok"]
    assert [(each["kind"], each["name"].partition(":")[0]) for each in said["differences"]] == [("missing", "unit")]


def test_acts_that_wait_too_long_are_a_warning_only(home: Home) -> None:
    with home.run.store.write() as session:
        record(session, "nothing", actor="olaf", now=home.run.clock().replace(year=2020))
    result = home.zilu()
    assert result.exit_code == 0
    assert result.stderr == "zilu: 1 acts have waited for more than 60 seconds; is the worker running?\n"


def test_a_missing_database_cannot_be_audited_and_is_not_made(home: Home) -> None:
    home.run.store.engine.dispose()
    home.database.unlink()
    result = home.zilu()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "zilu: there is no database at database.url; run zilu migrate\n"
    assert not home.database.exists()


def test_a_bar_is_drawn_once_the_work_takes_more_than_a_second() -> None:
    now, screen = [0.0], io.StringIO()
    bar = Bar(Console(file=screen, force_terminal=True), lambda: now[0])
    bar.total(10)
    for second in (0.5, 1.0):
        now[0] = second
        bar.advance(1)
        assert screen.getvalue() == ""
    now[0] = 1.2
    bar.advance(1)
    bar.end()
    assert "Auditing" in screen.getvalue()
    assert "30%" in screen.getvalue()


def test_no_bar_is_drawn_into_a_file() -> None:
    now, file = [0.0], io.StringIO()
    bar = Bar(Console(file=file), lambda: now[0])
    now[0] = 9.0
    bar.advance(1)
    bar.end()
    assert file.getvalue() == ""


def test_a_damaged_database_cannot_be_audited(home: Home) -> None:
    home.run.store.engine.dispose()
    for left in home.database.parent.glob("registry.db-*"):
        left.unlink()
    home.database.write_bytes(b"this is no database at all, whatever its name says" * 100)
    result = home.zilu()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "zilu: the database cannot be read: it is damaged or not there\n"


def test_a_key_is_refused_without_an_address(home: Home) -> None:
    result = home.zilu("--vkey", "x")
    assert (result.exit_code, result.stderr) == (2, "zilu: --vkey, --policy and --full go with a URL\n")


# From outside


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass
class Site:
    """A log that a server on this machine serves from a folder."""

    url: str
    folder: Path
    served: Served

    @property
    def vkey(self) -> str:
        return checkpoint.verifier_key(ORIGIN, self.served.key.public_key()).vkey

    def write(self) -> None:
        for path, data in self.served.files.items():
            file = self.folder / "log" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def audit(self, *options: str) -> Result:
        return CliRunner().invoke(main, ["audit", self.url, *options])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "site"
    (folder / ".well-known").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made = Site(f"http://127.0.0.1:{server.server_port}", folder, Served())
    made.served.publish(list(ENTRIES))
    made.write()
    log = {"origin": ORIGIN, "verifier_key": made.vkey, "url": f"{made.url}/log"}
    (folder / ".well-known/zilu").write_text(json.dumps({"issuer": made.url, "log": log}))
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_sound_log_ends_with_0(site: Site) -> None:
    result = site.audit("--vkey", site.vkey)
    assert result.exit_code == 0
    assert result.stdout == f"No difference. Looked at: {len(ENTRIES)} leaves.\n"
    assert result.stderr == "zilu: the last leaf is of 2026-03-02T09:04:59Z\n"


def test_a_key_that_the_registry_itself_said_is_used_with_a_warning(site: Site) -> None:
    result = site.audit()
    assert result.exit_code == 0
    assert f"--vkey {site.vkey}\n" in result.stderr


def test_a_changed_entry_ends_with_1(site: Site) -> None:
    file = site.folder / "log/tile/entries/000"
    file.write_bytes(file.read_bytes().replace(b'"t":', b'"t" ', 1))
    result = site.audit("--vkey", site.vkey)
    assert result.exit_code == 1
    assert "altered     leaf:0  " in result.stdout


def test_the_state_remembers_what_was_seen_and_finds_what_was_taken_back(site: Site, tmp_path: Path) -> None:
    state = tmp_path / "seen"
    options = ("--vkey", site.vkey, "--state", str(state))
    assert site.audit(*options).exit_code == 0
    assert state.read_bytes() == site.served.files["checkpoint"]
    seen = site.served.publish([*ENTRIES, entry(400)])
    site.write()
    assert site.audit(*options).exit_code == 0
    assert state.read_text() == seen
    site.served.publish(list(ENTRIES))
    site.write()
    result = site.audit(*options)
    assert result.exit_code == 1
    assert "missing     checkpoint:301  " in result.stdout
    assert state.read_text() == seen  # what was seen stays the evidence


def test_a_state_that_is_something_else_is_refused_and_kept(site: Site, tmp_path: Path) -> None:
    state = tmp_path / "seen"
    for content in (b"something else", b"\xff\xff"):
        state.write_bytes(content)
        result = site.audit("--vkey", site.vkey, "--state", str(state))
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert state.read_bytes() == content


def test_a_state_that_cannot_be_written_is_one_sentence(site: Site, tmp_path: Path) -> None:
    result = site.audit("--vkey", site.vkey, "--state", str(tmp_path / "no" / "folder"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("vkey", ["nothing", "a+b+c", f"{ORIGIN}+00000000+AQ=="])
def test_a_key_that_is_none_is_refused_and_not_repeated(site: Site, vkey: str) -> None:
    result = site.audit("--vkey", vkey)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_another_key_is_refused(site: Site) -> None:
    other = checkpoint.verifier_key(ORIGIN, Served().key.public_key()).vkey
    assert site.audit("--vkey", other).exit_code == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"log": {}}', '{"log": {"verifier_key": 1, "url": 2}}'])
def test_an_address_without_a_registry_is_refused(site: Site, text: str) -> None:
    (site.folder / ".well-known/zilu").write_text(text)
    result = site.audit()
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[", "nothing", "ftp://127.0.0.1"])
def test_an_address_that_does_not_answer_ends_with_4(url: str, site: Site) -> None:
    result = CliRunner().invoke(main, ["audit", url, "--vkey", site.vkey])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (4, "", 1)


def test_an_export_is_written_once_for_nobody_else_and_can_be_judged(home: Home, tmp_path: Path) -> None:
    file, log = tmp_path / "export.jsonl", home.run.policy.log.vkey
    assert home.zilu("export", str(file)).stdout == f"2 leaves. Judge them with: zilu audit judge {file}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert home.zilu("judge", str(file), "--vkey", log).stdout == "No breach. 2 leaves, 2 of them open.\n"
    again = home.zilu("export", str(file))
    assert (again.exit_code, again.stderr.count("name a new file")) == (2, 1)
