"""`zilu keyholder`: the process that alone has the identity key. It loads neither database nor web."""

from __future__ import annotations

import click

from registry.cli.context import Context
from registry.cli.stopping import stop_event
from registry.config import read_secret
from registry.keyholder import server
from registry.keyholder.answers import Ceilings


@click.command()
@click.pass_obj
def keyholder(context: Context) -> None:
    """Run the process that alone has the identity key."""
    settings = context.settings
    section = settings.keyholder
    server.serve(
        socket_path=section.socket,
        key_file=section.key_file,
        passphrase=read_secret(section.passphrase_file, "keyholder.passphrase_file").decode().strip(),
        counters_path=section.counters,
        ceilings=Ceilings(section.member_ceiling, section.overall_ceiling, section.match_ceiling),
        clock=settings.clock,
        stop=stop_event(),
    )
