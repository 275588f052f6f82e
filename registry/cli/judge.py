"""`zilu audit export` and `zilu audit judge`: the log with its openings, and whether the process was fair."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO

import click

from registry.audit import export as exporting
from registry.audit import stored
from registry.audit.judge import verdict
from registry.cli.context import Context
from registry.errors import Invalid
from registry.log.checkpoint import parse_vkey
from registry.running import start

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command("export")
@_FILE
@click.pass_obj
def export(context: Context, file: Path) -> None:
    """Write every leaf with its opening to FILE, one JSON line each, for an auditor.

    Whoever has FILE can read who did what in every case: keep it, and send it, like the case files themselves. What
    anybody said, exhibits, votes and everything about the accused are not in it.
    """
    run = start(context.settings)
    count = -1  # the first line is the checkpoint
    with run.store.read() as session, stored.viewing(session) as view, _new(file) as stream:
        for line in exporting.lines(view, keyring=session.keyring, now=run.clock()):
            stream.write(f"{line}\n")
            count += 1
    click.echo(f"{count:,} leaves. Judge them with: zilu audit judge {file}")


def _new(file: Path) -> TextIO:
    """For nobody else's eyes, and never over another file."""
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{file} cannot be written ({error.strerror}); name a new file", field="file") from None


@click.command("judge")
@_FILE
@click.option(
    "--vkey", help="The log's verifier key, from a source that you trust; without it no signature is verified."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def judge(file: Path, vkey: str | None, as_json: bool) -> None:
    """Replay an export, alone, and name every breach of the safeguards.

    Needs no database and no secret. Exit code 0: none; 1: breaches; 2: the file is no export.
    """
    log = parse_vkey(vkey) if vkey else None
    try:
        with file.open(encoding="utf-8") as lines:
            found = verdict.judge(lines, log=log)
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{file} cannot be read; name the file that zilu audit export wrote", field="file") from None
    click.echo(json.dumps(_as_json(found)) if as_json else _as_text(found))
    if log is None:
        click.echo("zilu: the checkpoint's signature was not verified; give the log's key with --vkey", err=True)
    raise SystemExit(1 if found.breaches else 0)


def _as_json(found: verdict.Verdict) -> dict[str, object]:
    breaches = [{"position": breach.position, "why": breach.why} for breach in found.breaches]
    return {"ok": not breaches, "breaches": breaches, "leaves": found.leaves, "opened": found.opened}


def _as_text(found: verdict.Verdict) -> str:
    count = len(found.breaches)
    summary = f"{count:,} breach{'es' if count > 1 else ''}" if count else "No breach"
    return "\n".join([*map(str, found.breaches), f"{summary}. {found.leaves:,} leaves, {found.opened:,} of them open."])
