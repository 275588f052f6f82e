"""`zilu witness`: a witness of our log that a member or a regulator runs, on a machine of its own."""

from __future__ import annotations

from pathlib import Path

import click

from registry.cli.stopping import stop_event
from registry.clock import system
from registry.errors import Invalid
from registry.log.checkpoint import Kind, parse_vkey, verifier_key
from registry.signing import keys
from registry.witness import server
from registry.witness.state import State

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def witness() -> None:
    """Watch a registry's log: cosign only what is consistent with all that was cosigned before."""


@witness.command("key")
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="The witness's name, e.g. regulator.example/witness.")
def key(file: Path, name: str) -> None:
    """Write a new key to FILE and print the verifier key, which goes into the log's policy."""
    pair = keys.generate()
    vkey = verifier_key(name, pair.public_key(), kind=Kind.WITNESS).vkey
    keys.store(file, pair)
    click.echo(vkey)


@witness.command("run")
@click.option("--name", required=True, help="The name that the key was made for.")
@click.option("--key", "key_file", type=_FILE, required=True)
@click.option("--log", "vkeys", required=True, multiple=True, help="Verifier key of a log, from a source you trust.")
@click.option("--state", type=_FILE, required=True, help="SQLite file; evidence of a fork is written beside it.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8421, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
def run(name: str, key_file: Path, vkeys: tuple[str, ...], state: Path, host: str, port: int) -> None:
    """Serve until interrupted. Put TLS in front when the registry is on another machine."""
    logs = {log.name: log for log in map(parse_vkey, vkeys)}
    if any(log.kind is not Kind.LOG for log in logs.values()):
        raise Invalid("log must be the verifier key of a log, not of a witness", field="log")
    watching = server.Witness(name, keys.load(key_file), logs, State(state), system, _accuse)
    bound = server.bind(watching, host, port)
    click.echo(f"The witness {name} listens on http://{host}:{bound.server_port}; Ctrl-C stops it.")
    server.serve(bound, stop_event())


def _accuse(origin: str, evidence: Path) -> None:
    click.echo(f"zilu: the log {origin} has signed two histories; both are in {evidence}", err=True)
