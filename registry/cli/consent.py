"""`zilu consent`: ask candidates for their consent by link, before they are checked with `zilu check --granted`."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, printable
from registry.client import consents
from registry.client.reporting import require_id
from registry.errors import Invalid
from registry.policy import CONSENT_LIFE, CONSENT_LINKS, DAY, Purpose

_DAYS = CONSENT_LIFE // DAY


@click.group()
def consent() -> None:
    """Consent by link: each candidate reads what is asked, and agrees or declines in their own browser."""


@consent.command("ask")
@click.option("--purpose", type=click.Choice([p.value for p in Purpose]), required=True, help="Why you will ask.")
@click.option(
    "--text",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="A file with what candidates agree to, as they will read it.",
)
@click.option("--count", type=click.IntRange(1, CONSENT_LINKS), default=1, show_default=True, help="How many links.")
@click.option("--days", type=click.IntRange(1, _DAYS), default=_DAYS, show_default=True, help="How long they are good.")
@as_account
@keys_file
@click.pass_obj
def ask(
    context: Context, purpose: str, path: Path, count: int, days: int, account: str | None, keys_path: Path | None
) -> None:
    """Print one link a line: send each to one candidate. Two evaluations for each are charged to your day."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Invalid("the file of --text must be readable UTF-8", field="text") from None
    registry = connect(context, account, scope="check", keys_path=keys_path)
    life = timedelta(days=days) - timedelta(minutes=1)  # clocks differ
    asked = consents.ask(registry, purpose=purpose, text=text, count=count, life=life)
    for link in asked.links:
        click.echo(link)
    click.echo(f"group: {asked.group}", err=True)


@consent.command("list")
@click.argument("group")
@as_account
@keys_file
@click.pass_obj
def list_answers(context: Context, group: str, account: str | None, keys_path: Path | None) -> None:
    """How many of GROUP have answered, and how."""
    registry = connect(context, account, scope="check", keys_path=keys_path)
    shown = consents.answers(registry, require_id(group))
    for state, count in sorted(Counter(printable(link["state"]) for link in shown["links"]).items()):
        click.echo(f"{state}\t{count}")
