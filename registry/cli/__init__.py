"""The command line, `zilu`. One module for each duty, loaded when it is asked for.

Exit codes: 0 done; 1 the answer is no (differences found, a proof that fails); 2 bad input, one sentence on standard
error; 3 a check found an entry; 4 the registry or the key holder cannot be reached; 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from registry.cli.context import Context
from registry.errors import TooMany, Unavailable, ZiluError

# Command: the module under registry.cli that has it. The name of the command is the name of the object there.
COMMANDS = {
    "account": "account",
    "appeal": "appeal",
    "audit": "audit",
    "check": "check",
    "consent": "consent",
    "demo": "demo",
    "doctor": "doctor",
    "erasure": "erasure",
    "finding": "finding",
    "init": "init",
    "key": "key",
    "keyholder": "keyholder",
    "keys": "keys",
    "member": "member",
    "migrate": "migrate",
    "order": "order",
    "receipt": "receipt",
    "report": "report",
    "serve": "serve",
    "summary": "summary",
    "watch": "watch",
    "witness": "witness",
    "worker": "worker",
}


class Duties(click.Group):
    """Loads a duty's module only when it is called, so that a client install needs no server parts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(f"registry.cli.{COMMANDS[cmd_name]}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("registry"):
                raise
            return _not_installed(cmd_name)
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Every refusal becomes one sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except ZiluError as error:
            click.echo(f"zilu: {error.message}", err=True)
            sys.exit(4 if isinstance(error, Unavailable | TooMany) else 2)


def _not_installed(name: str) -> click.Command:
    @click.command(name, help="Needs the server parts: install zilu[server].")
    def command() -> None:
        raise click.ClickException("this command needs the server parts; install zilu[server]")

    return command


@click.group(cls=Duties, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config.toml"),
    envvar="ZILU_CONFIG",
    show_default=True,
    help="The registry's settings, or the client's profile.",
)
@click.version_option(package_name="zilu")
@click.pass_context
def main(ctx: click.Context, config: Path) -> None:
    """Zilu: signed reports, private checks, due process, a public log.

    A member's system needs a profile (`[client.NAME]` in its config.toml) and uses check, report and receipt. The
    operator's machine needs the registry's config.toml and uses the rest.
    """
    ctx.obj = Context(config)
