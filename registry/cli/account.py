"""`zilu account`: open and close accounts, enrol the keys with which their programs sign in."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa

from registry.accounts import actions
from registry.accounts.models import Account
from registry.accounts.rules import GRANTABLE, Role, Scope
from registry.cli.context import Context
from registry.cli.key import read_public
from registry.cli.operator import acting
from registry.running import start

ROLES = sorted(GRANTABLE)
as_admin = click.option("--as", "admin", help="Account of the member's administrator; default: the operator.")


@click.group()
def account() -> None:
    """Open and close accounts of people and programs.

    The operator opens the account of each member's administrator, who opens all others (--as).
    """


@account.command("add")
@click.argument("id")
@click.option("--member", "member_id", required=True, help="Short name of the member.")
@click.option("--name", required=True, help="The person's name; it is stored sealed.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given again.")
@click.option("--unit", "unit_id", help="Unit id; default: the member's first.")
@click.option("--password/--no-password", default=True, help="Ask for a first password; programs need none.")
@as_admin
@click.pass_obj
def add(
    context: Context,
    id: str,
    member_id: str,
    name: str,
    roles: tuple[str, ...],
    unit_id: str | None,
    password: bool,
    admin: str | None,
) -> None:
    """Open account ID, e.g. birch-hr, for someone of a member."""
    word = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    with acting(context, admin) as (session, actor, now):
        actions.open_account(
            session,
            id=id,
            member_id=member_id,
            name=name,
            roles=[Role(role) for role in roles],
            unit_id=unit_id,
            password=word,
            actor=actor,
            now=now,
        )
    click.echo(f"{id} is open")


@account.command("client")
@click.argument("id")
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path), help="Public key: JWK or PEM file.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([s.value for s in Scope]))
@as_admin
@click.pass_obj
def client(context: Context, id: str, key_file: Path, scopes: tuple[str, ...], admin: str | None) -> None:
    """Enrol the key with which the program of account ID signs in; it replaces an earlier one."""
    with acting(context, admin) as (session, actor, now):
        actions.enrol_client(
            session,
            account_id=id,
            jwk=read_public(key_file),
            scopes=[Scope(scope) for scope in scopes],
            actor=actor,
            now=now,
        )
    click.echo(f"{id} signs in with this key from now on")


@account.command("close")
@click.argument("id")
@as_admin
@click.pass_obj
def close(context: Context, id: str, admin: str | None) -> None:
    """Close account ID and end its sessions and keys."""
    with acting(context, admin) as (session, actor, now):
        actions.close_account(session, account_id=id, actor=actor, now=now)
    click.echo(f"{id} is closed")


@account.command("list")
@click.pass_obj
def list_accounts(context: Context) -> None:
    """Every account with its member and roles."""
    with start(context.settings).store.read() as session:
        for row in session.scalars(sa.select(Account).order_by(Account.member_id, Account.id)):
            state = "closed" if row.closed_at else "open"
            click.echo(f"{row.id:<20} {row.member_id:<16} {state:<7} {', '.join(row.roles)}")
