"""`zilu key`: make a key pair, enrol, rotate and revoke members' signing keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from registry.access import Actor
from registry.accounts.actions import actor_of
from registry.accounts.rules import Role
from registry.cli.context import Context
from registry.db import Session
from registry.errors import Forbidden, Invalid
from registry.keys import actions
from registry.keys.models import SigningKey
from registry.running import start
from registry.signing import keys


@click.group()
def key() -> None:
    """Make a key pair; enrol, rotate and revoke members' signing keys."""


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new(file: Path) -> None:
    """Write a new private key to FILE and print its public half as JWK. The private key never leaves you."""
    pair = keys.generate()
    keys.store(file, pair)
    public = pair.public_key()
    click.echo(json.dumps({**keys.to_jwk(public), "kid": keys.thumbprint(public)}))


@key.command("enrol")
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "admin", required=True, help="Account of the member's administrator.")
@click.pass_obj
def enrol(context: Context, account_id: str, file: Path, admin: str) -> None:
    """Bind the public key in FILE (JWK or PEM) to the hand of ACCOUNT."""
    run = start(context.settings)
    with run.store.write() as session:
        made = actions.enrol(
            session,
            actor=_administrator(session, admin),
            account_id=account_id,
            jwk=read_public(file),
            now=run.clock(),
        )
    click.echo(made.kid)


@key.command("rotate")
@click.argument("kid")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "admin", required=True, help="Account of the member's administrator.")
@click.pass_obj
def rotate(context: Context, kid: str, file: Path, admin: str) -> None:
    """Replace key KID by the public key in FILE for the same hand."""
    run = start(context.settings)
    with run.store.write() as session:
        actor = _administrator(session, admin)
        made = actions.rotate(session, actor=actor, kid=kid, jwk=read_public(file), now=run.clock())
    click.echo(made.kid)


@key.command("revoke")
@click.argument("kid")
@click.option("--as", "admin", required=True, help="Account of the member's administrator.")
@click.pass_obj
def revoke(context: Context, kid: str, admin: str) -> None:
    """End key KID. What it signed before stays signed."""
    run = start(context.settings)
    with run.store.write() as session:
        actions.revoke(session, actor=_administrator(session, admin), kid=kid, now=run.clock())
    click.echo(f"{kid} is revoked")


@key.command("list")
@click.pass_obj
def list_keys(context: Context) -> None:
    """Every signing key with its member, hand and span of life."""
    with start(context.settings).store.read() as session:
        for row in session.scalars(sa.select(SigningKey).order_by(SigningKey.member_id, SigningKey.enrolled_at)):
            end = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "valid"
            click.echo(f"{row.kid}  {row.member_id:<16} {row.account_id:<20} {row.enrolled_at:%Y-%m-%d}  {end}")


def _administrator(session: Session, account_id: str) -> Actor:
    actor = actor_of(session, account_id)
    if not actor.roles & {Role.MEMBER_ADMIN, Role.OPERATOR}:
        raise Forbidden("only a member's administrator manages its keys, and the operator its own")
    return actor


def read_public(path: Path) -> dict[str, Any]:
    """The public key of a JWK or PEM file; Invalid names the file and the fix."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror})", field="key") from None
    try:
        if text.lstrip().startswith(b"{"):
            return dict(keys.to_jwk(keys.from_jwk(json.loads(text))))
        public = load_pem_public_key(text)
    except (ValueError, TypeError):
        raise Invalid(f"{path} must hold a public Ed25519 key as JWK or PEM", field="key") from None
    if not isinstance(public, keys.PublicKey):
        raise Invalid(f"{path} must hold a public Ed25519 key as JWK or PEM", field="key")
    return dict(keys.to_jwk(public))
