"""`zilu order`: sign orders of courts and authorities on the registry's machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from registry import base64url
from registry.accounts.actions import actor_of
from registry.cli.context import Context
from registry.cli.operator import signed
from registry.errors import Invalid
from registry.orders import actions, lifting, queries, rules
from registry.running import start


@click.group()
def order() -> None:
    """Orders of courts and authorities: issued by a regulator or the operator, confirmed by the other."""


@order.command("issue")
@click.argument("case", metavar="CASE")
@click.argument("instruction", type=click.Choice([each.value for each in rules.Instruction]))
@click.option("--ground", required=True, help="The article of law.")
@click.option("--authority", required=True, help="The court or authority.")
@click.option("--reference", required=True, help="Its file number.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) on which it ends.")
@click.option("--as", "account", required=True, help="Whose hand signs.")
@click.option("--key", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Their key (PEM).")
@click.pass_obj
def issue(context: Context, /, account: str, path: Path, until: datetime, **said: str) -> None:
    """Issue an order about CASE. A regulator's hides or preserves at once, for 72 hours."""
    run = start(context.settings)
    with run.store.write() as session:
        actor = actor_of(session, account)
        claims = {**said, "until": int(until.replace(tzinfo=UTC).timestamp())}
        token = signed(run, actor, path, rules.ORDER, claims)
        row = actions.issue(session, actor=actor, statement=token, issuer=run.issuer, now=run.clock())
    click.echo(f"{row.id}  {row.state.value}")


@order.command("confirm")
@click.argument("order_id", metavar="ORDER")
@click.option("--as", "account", required=True, help="Whose hand signs.")
@click.option("--key", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Their key (PEM).")
@click.pass_obj
def confirm(context: Context, order_id: str, account: str, path: Path) -> None:
    """Sign what the other side has issued: ORDER is in force."""
    run = start(context.settings)
    with run.store.write() as session:
        actor = actor_of(session, account)
        digest = base64url.encode(queries.by_id(session, order_id).statement_digest)
        token = signed(run, actor, path, rules.CONFIRMATION, {"order": digest})
        row = actions.confirm(
            session, actor=actor, order_id=order_id, statement=token, issuer=run.issuer, now=run.clock()
        )
    click.echo(f"{row.id}  {row.state.value}")


@order.command("withdraw")
@click.argument("order_id", metavar="ORDER")
@click.option("--ground", help="The article of law.")
@click.option("--authority", help="The court or authority that withdraws it.")
@click.option("--reference", help="Its file number.")
@click.option("--as", "account", required=True, help="Whose hand signs.")
@click.option("--key", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Their key (PEM).")
@click.pass_obj
def withdraw(context: Context, /, order_id: str, account: str, path: Path, **said: str | None) -> None:
    """Sign that the authority has withdrawn its order. Once both sides have, ORDER is lifted before its date.

    The second side may leave out the words: it signs those of the first.
    """
    run = start(context.settings)
    with run.store.write() as session:
        actor, row = actor_of(session, account), queries.by_id(session, order_id)
        earlier = queries.withdrawn_words(session, row) or {}
        words = {name: text if text is not None else earlier.get(name) for name, text in said.items()}
        if missing := [name for name, text in words.items() if text is None]:
            raise Invalid(f"--{missing[0]} is missing: nobody has signed to lift this order yet", field=missing[0])
        claims = {**words, "order": base64url.encode(row.statement_digest)}
        token = signed(run, actor, path, rules.WITHDRAWAL, claims)
        row = lifting.withdraw(
            session, actor=actor, order_id=order_id, statement=token, issuer=run.issuer, now=run.clock()
        )
    click.echo(f"{row.id}  {row.state.value}")


@order.command("list")
@click.option("--as", "account", required=True, help="Who asks.")
@click.pass_obj
def list_orders(context: Context, account: str) -> None:
    """Orders that wait for the second signature, or are in force."""
    with start(context.settings).store.read() as session:
        for row in queries.page(session, actor=actor_of(session, account)):
            click.echo(f"{row.id}  {row.instruction.value:<8}  {row.state.value:<8}  until {row.until:%Y-%m-%d}")
