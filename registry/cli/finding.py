"""`zilu finding`: what is demanded of your member, until when, and what it answers."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, printable, untrusted_exits
from registry.client.reporting import require_id

_scope = click.option("--scope", type=click.Choice(["report", "check"]), default="report", show_default=True)


@click.group()
def finding() -> None:
    """What a regulator or a clock of the registry has found about your member."""


@finding.command("list")
@_scope
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def index(context: Context, scope: str, account: str | None, keys_path: Path | None) -> None:
    """Those that are not closed, each with its day and its words."""
    registry = connect(context, account, scope=scope, keys_path=keys_path)
    after = ""
    while found := registry.get(f"/api/v1/findings{after}")["findings"]:
        for each in found:
            click.echo(f"{each['id']}\t{each['kind']}\t{each['state']}\tdue {each['due_at'] or 'never'}")
            for words in filter(None, (each["demand"], each["answer"])):
                click.echo(printable(words))
        after = f"?after={require_id(found[-1]['id'])}"


@finding.command("answer")
@click.argument("finding_id", metavar="ID")
@_scope
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def answer(context: Context, finding_id: str, scope: str, account: str | None, keys_path: Path | None) -> None:
    """Answer finding ID with what standard input says. It cannot be changed."""
    path = f"/api/v1/findings/{require_id(finding_id)}/answer"
    if sys.stdin.isatty():
        click.echo("What did you do about it? End with Ctrl-D on a line of its own.", err=True)
    text = sys.stdin.read().strip()
    registry = connect(context, account, scope=scope, keys_path=keys_path)
    click.echo(f"{finding_id}\t{registry.post(path, {'text': text})['state']}")
