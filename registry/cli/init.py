"""`zilu init`: found a registry in a folder: settings, secrets, identity key, database, first operator."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import click

from registry import base64url
from registry.accounts.actions import found
from registry.cli.context import Context
from registry.cli.migrate import upgrade
from registry.config import Settings, load
from registry.errors import Conflict
from registry.keyholder.keyfile import create_key_file
from registry.members.actions import admit
from registry.members.models import Kind
from registry.running import start
from registry.signing import keys

SECTIONS = """\
[registry]
issuer = {issuer}
name = {name}
{story}
[database]
url = {database}

[secrets]
vault_key = "keys/vault.key"
pepper = "keys/pepper.key"
session_key = "keys/session.key"
log_key = "keys/log.pem"
receipt_key = "keys/receipt.pem"

[keyholder]
socket = "keyholder.sock"
key_file = "keyholder/identity.key"
passphrase_file = "keyholder/passphrase"
counters = "keyholder/counters.db"
member_ceiling = {member_ceiling}
overall_ceiling = {overall_ceiling}

[server]
host = {host}
port = {port}
workers = {workers}
"""


def write_settings(folder: Path, *, issuer: str, name: str, **options: object) -> Path:
    """Settings with fresh secrets under `folder`, which must be new or empty; returns the settings' path."""
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty; name a new folder")
    for sub in ("keys", "keyholder"):
        (folder / sub).mkdir(parents=True, mode=0o700)
    for name_of_key in ("vault", "pepper", "session"):
        _write_secret(folder / f"keys/{name_of_key}.key", base64url.encode(secrets.token_bytes(32)))
    for name_of_key in ("log", "receipt"):
        keys.store(folder / f"keys/{name_of_key}.pem", keys.generate())
    _write_secret(folder / "keyholder/passphrase", secrets.token_urlsafe(32))
    path = folder / "config.toml"
    path.write_text(SECTIONS.format(**_values(issuer=issuer, name=name, **options)))
    settings = load(path)
    create_key_file(settings.keyholder.key_file, (folder / "keyholder/passphrase").read_text().strip())
    return path


def _values(**options: object) -> Mapping[str, str]:
    story = {name: options.pop(name) for name in ("clock_file", "second_factor") if name in options}
    defaults: dict[str, object] = {
        "database": "sqlite:///registry.db",
        "member_ceiling": 200_000,
        "overall_ceiling": 2_000_000,
        "host": "127.0.0.1",
        "port": 8420,
        "workers": 2,
    }
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in {**defaults, **options}.items()}
    return {**values, "story": "".join(f"{name} = {json.dumps(value)}\n" for name, value in story.items())}


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text + "\n")


def establish(settings: Settings, *, operator: str, password: str) -> None:
    """Create the database and the operator, who then admits everyone else."""
    upgrade(settings)
    run = start(settings)
    now = run.clock()
    with run.store.write() as session:
        admit(
            session,
            id="operator",
            name=settings.registry.name,
            kind=Kind.OPERATOR,
            headcount=0,
            actor="system:founding",
            now=now,
        )
        found(session, id=operator, member_id="operator", name=operator, password=password, now=now)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--issuer", required=True, help="The address members will use, e.g. https://registry.example.")
@click.option("--name", required=True, help="What the registry calls itself.")
@click.option("--operator", default="operator", show_default=True, help="Account id of the first operator.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="12 characters or more.")
@click.pass_obj
def init(_context: Context, folder: Path, issuer: str, name: str, operator: str, password: str) -> None:
    """Found a registry in FOLDER.

    Writes config.toml and every secret (readable by you alone), creates the identity key in a file sealed with a
    passphrase, the database, and the first operator. Then run: zilu --config FOLDER/config.toml serve
    """
    path = write_settings(folder, issuer=issuer, name=name)
    establish(load(path), operator=operator, password=password)
    click.echo(f"Founded. Next: zilu --config {path} serve")
