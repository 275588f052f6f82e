"""`zilu summary`: a member's month in numbers, and what it owes."""

from __future__ import annotations

from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, untrusted_exits

_NUMBERS = (
    "filed", "screened", "refused", "listed", "decided", "overturned", "amended", "checked", "hits", "recalls",
)  # fmt: skip


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Of UTC. Default: the present one.")
@click.option("--scope", type=click.Choice(["report", "check"]), default="report", show_default=True)
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def summary(context: Context, month: str | None, scope: str, account: str | None, keys_path: Path | None) -> None:
    """Your member's month: what it filed, what became of it, whom it checked, and what it owes now."""
    registry = connect(context, account, scope=scope, keys_path=keys_path)
    month = month or f"{registry.clock():%Y-%m}"
    if not set(month) <= set("0123456789-"):
        raise click.BadParameter("must be a month such as 2026-03", param_hint="--month")
    found = registry.get(f"/api/v1/summary?month={month}")
    click.echo(found["month"])
    for name in _NUMBERS:
        click.echo(f"  {name:<10} {found[name]:>8}")
    if found["restraint"]:
        click.echo(f"  filing is {found['restraint']} until a regulator lifts it")
    for owed in found["owed"]:
        click.echo(f"  owed: {owed['what']} {owed['id']} by {owed['by']}")
