"""`zilu worker`: the sequencer, the clocks and the outbox."""

from __future__ import annotations

import click

from registry.cli.context import Context
from registry.cli.migrate import require_head
from registry.cli.stopping import stop_event
from registry.running import start
from registry.worker.loop import run


@click.command()
@click.pass_obj
def worker(context: Context) -> None:
    """Run the sequencer, the clocks and the outbox."""
    require_head(context.settings)
    run(start(context.settings), stop_event())
