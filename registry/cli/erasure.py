"""`zilu erasure`: forget cases whose time is over, with a regulator's signature."""

from __future__ import annotations

from pathlib import Path

import click

from registry.accounts.actions import actor_of
from registry.cli.context import Context
from registry.cli.operator import signed
from registry.clock import rfc3339
from registry.erasures import actions, rules
from registry.running import start


@click.group()
def erasure() -> None:
    """Erasures: proposed by itself when a case's time is over, opened and cosigned by a regulator, then executed."""


@erasure.command("propose")
@click.argument("case", metavar="CASE")
@click.option("--as", "account", required=True, help="Account of the operator.")
@click.pass_obj
def propose(context: Context, case: str, account: str) -> None:
    """Propose to forget CASE, or make its list anew."""
    run = start(context.settings)
    with run.store.write() as session:
        found = actions.case_of(session, number=case)
        row = actions.propose_by(session, actor=actor_of(session, account), case=found, now=run.clock())
    click.echo(f"{row.id}  {row.ground.value}  {len(row.positions)} positions")


@erasure.command("list")
@click.option("--as", "account", required=True, help="Who asks.")
@click.pass_obj
def list_erasures(context: Context, account: str) -> None:
    """Erasures that wait for a regulator, or to be executed."""
    with start(context.settings).store.read() as session:
        for row in actions.page(session, actor=actor_of(session, account)):
            click.echo(f"{row.id}  {row.state.value:<8}  {row.ground.value:<8}  {len(row.positions)} positions")


@erasure.command("open")
@click.argument("erasure_id", metavar="ERASURE")
@click.option("--as", "account", required=True, help="Account of a regulator.")
@click.pass_obj
def open_list(context: Context, erasure_id: str, account: str) -> None:
    """Read every act that would stop opening. Logged."""
    run = start(context.settings)
    with run.store.write() as session:
        _, opened = actions.open_list(session, actor=actor_of(session, account), erasure_id=erasure_id, now=run.clock())
    for act in opened:
        click.echo(f"{act.position:>8}  {rfc3339(act.at)}  {act.verb:<24}  {act.actor}")


@erasure.command("cosign")
@click.argument("erasure_id", metavar="ERASURE")
@click.option("--as", "account", required=True, help="Account of the regulator who has opened it.")
@click.option("--key", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Their key (PEM).")
@click.pass_obj
def cosign(context: Context, erasure_id: str, account: str, path: Path) -> None:
    """Sign case, ground and positions of ERASURE; the worker then forgets the case."""
    run = start(context.settings)
    with run.store.write() as session:
        actor, row = actor_of(session, account), actions.by_id(session, erasure_id)
        said = rules.claims(erasure=row.id, case=row.case_id, ground=row.ground, positions=row.positions)
        token = signed(run, actor, path, rules.TYP, said)
        row = actions.cosign(
            session, actor=actor, erasure_id=erasure_id, statement=token, issuer=run.issuer, now=run.clock()
        )
    click.echo(f"{row.id}  {row.state.value}")
