"""`zilu keyholder`: the process that alone has the identity key, and the backup of that key.

It loads neither database nor web; `zilu keyholder canary`, which does, is loaded when it is asked for.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.stopping import stop_event
from registry.config import KeyholderSection, read_secret
from registry.keyholder import server, shares, succession
from registry.keyholder.answers import Ceilings
from registry.keyholder.keyfile import open_key_file, write_key_file
from registry.keyholder.memory import leave_no_dump, stay_out_of_swap
from registry.keys.tls import of_holder
from registry.private_files import write_new


class _Group(click.Group):
    """With `canary`, which needs the database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "canary"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "canary":
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module("registry.cli.canary").canary
        return command


@click.group(cls=_Group, invoke_without_command=True)
@click.pass_context
def keyholder(ctx: click.Context) -> None:
    """Run the process that alone has the identity key; split a backup of the key, and restore it."""
    if ctx.invoked_subcommand is None:
        _serve(ctx.find_object(Context) or Context(Path("config.toml")))


def _serve(context: Context) -> None:
    settings = context.settings
    section = settings.keyholder
    stay_out_of_swap()
    server.serve(
        way=section.socket if section.tls is None else of_holder(section.tls),
        key_file=section.key_file,
        passphrase=_passphrase(section),
        counters_path=section.counters,
        ceilings=Ceilings(section.member_ceiling, section.overall_ceiling, section.match_ceiling),
        clock=settings.clock,
        stop=stop_event(),
    )


def _passphrase(section: KeyholderSection) -> str:
    if section.passphrase_file is None:
        asked: str = click.prompt("Passphrase of the key file", hide_input=True, err=True)
        return asked
    return read_secret(section.passphrase_file, "keyholder.passphrase_file").decode().strip()


@keyholder.command("split")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_obj
def split(context: Context, folder: Path) -> None:
    """Write three shares of the key to FOLDER; any two restore it, one alone says nothing.

    Give each to another keeper, and keep none beside a backup of the database.
    """
    leave_no_dump()
    section = context.settings.keyholder
    keys = open_key_file(section.key_file, _passphrase(section))
    for share in shares.split(keys.secret):
        path = folder / f"{keys.public.key_id}-{share.number}.share"
        write_new(path, share.encode(), field="share")
        click.echo(path)


@keyholder.command("retire")
@click.argument("key_id")
@click.pass_obj
def retire(context: Context, key_id: str) -> None:
    """End a rotation: KEY_ID, the new key, takes the place of the old one, which is destroyed.

    Do it once zilu keys rotate-identity says that nothing is left of the old key; then restart the key holder and
    split a backup of the new key.
    """
    leave_no_dump()
    section = context.settings.keyholder
    public = succession.retire(section.key_file, _passphrase(section), key_id)
    click.echo(f"{public.key_id} is the only key now; restart the key holder, and split a new backup")


@keyholder.command("restore")
@click.argument("first", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("second", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def restore(context: Context, first: Path, second: Path) -> None:
    """Write the key file again from two shares; an existing key file is never replaced."""
    leave_no_dump()
    section = context.settings.keyholder
    secret = shares.combine([shares.read_share(path) for path in (first, second)])
    public = write_key_file(section.key_file, secret, _passphrase(section))
    click.echo(f"{public.key_id} is restored")
