"""`zilu audit`: the log against the database, or a registry's log from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from registry.audit import following, remote, replay
from registry.audit.differences import Difference, Kind
from registry.cli import outside
from registry.cli.audit_pages import pages
from registry.cli.context import Context
from registry.cli.judge import export, judge
from registry.clock import rfc3339
from registry.config import Settings
from registry.db import Store
from registry.errors import Invalid
from registry.log import kept
from registry.log.checkpoint import Checkpoint, VerifierKey, verifier_key
from registry.running import start

_BAR_AFTER = 1.0  # seconds
_REDRAW = 0.1


class _WithDefault(click.Group):
    """`zilu audit [URL]` is `zilu audit log [URL]`: what is no command's name belongs to that."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = args and args[0] in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if known else ["log", *args])


@click.group(cls=_WithDefault)
def audit() -> None:
    """Hold the log against the database, against itself, or against the rules.

    zilu audit [URL] is short for zilu audit log [URL].
    """


audit.add_command(export)
audit.add_command(judge)
audit.add_command(pages)


@audit.command("log")
@click.argument("url", required=False)
@click.option(
    "--vkey", help="The log's verifier key, from a source that you trust; otherwise the registry says its own."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that keeps the last checkpoint seen, so that the next audit finds whatever was taken back.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="C2SP tlog-policy: the log's key and the witnesses that must have cosigned; those with an address are asked.",
)
@click.option("--full", is_flag=True, help="Read everything again, although --state says how far the last audit came.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def audit_log(
    context: Context,
    url: str | None,
    vkey: str | None,
    state: Path | None,
    policy_file: Path | None,
    full: bool,
    as_json: bool,
) -> None:
    """Replay the log and name every difference. `zilu audit pages URL` looks at the pages of a site instead.

    Without URL: this registry's log against its database; names each row that is missing, altered, reordered, extra or
    back-dated, and what was taken back since the worker published its last checkpoint (kept beside an SQLite database,
    as <file>.head; with PostgreSQL give --state). With URL: any registry's log from outside, without its database:
    signatures, witnesses, tiles, order, times, keys. With --state only what is new is read, and a sample of the rest.

    Exit code 0: no difference; 1: differences; 2: cannot run; 4: the registry at URL cannot be reached.
    """
    if url is None:
        if vkey or policy_file or full:
            raise Invalid("--vkey, --policy and --full go with a URL", field="url")
        found = _audit_database(context.settings, state)
    else:
        found = _audit_log(url.rstrip("/"), vkey, policy_file, state, full)
    click.echo(json.dumps(found.as_json(), ensure_ascii=False) if as_json else found.as_text())
    for warning in found.warnings:
        click.echo(f"zilu: {warning}", err=True)
    raise SystemExit(1 if found.differences else 0)


@dataclass(frozen=True)
class Finding:
    """What is told at the end, of either audit."""

    differences: Sequence[Difference]
    counts: dict[str, int]
    warnings: Sequence[str] = field(default=())

    def as_json(self) -> dict[str, Any]:
        differences = [asdict(difference) for difference in self.differences]
        return {"ok": not differences, "differences": differences, **self.counts, "warnings": list(self.warnings)}

    def as_text(self) -> str:
        looked_at = ", ".join(f"{count:,} {what}" for what, count in self.counts.items())
        lines = [f"{each.kind:<11} {each.name}  {each.why}" for each in self.differences]
        count = len(self.differences)
        verdict = f"{count:,} difference{'s' if count > 1 else ''}" if count else "No difference"
        return "\n".join([*lines, f"{verdict}. Looked at: {looked_at}."])


def _audit_database(settings: Settings, state: Path | None) -> Finding:
    _require_file(settings.database.url)
    run = start(settings)
    log = verifier_key(settings.log_origin, run.secrets.log_key.public_key())
    seen = _seen(run.store, state, log)
    try:
        with _bar() as bar:
            outcome = replay.audit(run.store, log=log, now=run.clock(), seen=seen.heads, progress=bar)
    except DBAPIError:  # its text may hold what is stored
        raise Invalid("the database cannot be read: it is damaged or not there", field="database.url") from None
    names = ("acts", "rows", "checkpoints", "pending")
    differences = [*seen.differences, *outcome.differences]
    if state and outcome.note and not differences:
        _write(state, outcome.note)
    late = f"{outcome.late} acts have waited for more than 60 seconds; is the worker running?"
    warnings = [*([late] if outcome.late else []), *(seen.warnings if outcome.checkpoints else [])]
    return Finding(differences, {name: getattr(outcome, name) for name in names}, warnings)


@dataclass(frozen=True)
class _Seen:
    """Checkpoints kept outside the database, and what is to be said of where they are kept."""

    heads: Sequence[Checkpoint]
    differences: Sequence[Difference] = ()
    warnings: Sequence[str] = ()


def _seen(store: Store, state: Path | None, log: VerifierKey) -> _Seen:
    """Read before the database, which may grow meanwhile."""
    note = _read(state) if state else None
    heads = [kept.opened(note, log=log)] if note is not None else []
    file = kept.beside(store)
    if file is None:
        return _Seen(heads)
    if (published := kept.read(file)) is None:
        why = f"there is no {file.name}, so what was taken back since the last checkpoint cannot be told"
        return _Seen(heads, warnings=[why])
    try:
        return _Seen([*heads, kept.opened(published, log=log)])
    except Invalid:
        why = "it does not hold a checkpoint by the log's key"
        return _Seen(heads, [Difference(Kind.ALTERED, f"file:{file.name}", why)])


def _require_file(url: str) -> None:
    """SQLite would make an empty database where there is none."""
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).is_file():
        raise Invalid("there is no database at database.url; run zilu migrate", field="database.url")


def _audit_log(url: str, vkey: str | None, policy_file: Path | None, state: Path | None, full: bool) -> Finding:
    seen = _read(state) if state else None
    with outside.connected() as client:
        log = outside.log_of(client, url, vkey, policy_file)
        notes = outside.witness_notes(client, log)
        with _bar() as bar:
            if seen is not None and not full:
                outcome = following.follow(log.fetch, policy=log.policy, seen=seen, progress=bar)
            else:
                outcome = remote.audit(log.fetch, policy=log.policy, seen=seen, progress=bar)
        found = [*outcome.differences, *following.views(notes.shown, policy=log.policy, fetch=log.fetch)]
    if state and not found:
        _write(state, outcome.note)
    warnings = [*log.warnings, *notes.warnings]
    if outcome.stamped is not None:
        warnings.append(f"the last leaf is of {rfc3339(outcome.stamped)}")
    return Finding(found, {"leaves": outcome.size}, warnings)


def _read(state: Path) -> str | None:
    try:
        return state.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{state} cannot be read; name another file", field="state") from None


def _write(state: Path, note: str) -> None:
    """Beside it first, so that a crash leaves the old one."""
    beside = state.with_name(state.name + ".new")
    try:
        beside.write_text(note, encoding="utf-8")
        beside.replace(state)
    except OSError as error:
        raise Invalid(f"{state} cannot be written ({error.strerror})", field="state") from None


class Bar:
    """A progress bar on standard error, once the work has taken more than a second."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        columns = (TextColumn("Auditing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._shown = Progress(*columns, console=console, transient=True)
        self._task = self._shown.add_task("audit", total=None)
        self._now = now
        self._begun = self._drawn = now()
        self._waiting = 0
        self._is_up = False

    def total(self, count: int) -> None:
        self._shown.update(self._task, total=count)

    def advance(self, count: int) -> None:
        self._waiting += count
        now = self._now()
        if now - self._drawn < _REDRAW:
            return
        self._shown.advance(self._task, self._waiting)
        self._waiting, self._drawn = 0, now
        if not self._is_up and now - self._begun > _BAR_AFTER and self._shown.console.is_terminal:
            self._shown.start()
            self._is_up = True

    def end(self) -> None:
        if self._is_up:
            self._shown.stop()


@contextmanager
def _bar() -> Iterator[Bar]:
    bar = Bar(Console(stderr=True))
    try:
        yield bar
    finally:
        bar.end()
