"""`zilu doctor`: what is well and what is not, one line each, with what to do about it."""

from __future__ import annotations

import click

from registry.cli.context import Context
from registry.errors import ZiluError
from registry.health import CHECKS
from registry.running import start


@click.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Say what is well and what is not. Ends with 1 when something is not."""
    settings, failed = context.settings, False
    for name, probe in CHECKS.items():
        try:
            probe(start(settings))
            click.echo(f"{click.style('ok  ', fg='green')} {name}")
        except ZiluError as error:
            failed = True
            click.echo(f"{click.style('bad ', fg='red')} {name}: {error.message}")
    if failed:
        raise SystemExit(1)
