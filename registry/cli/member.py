"""`zilu member`: admit members and their units, suspend and readmit them."""

from __future__ import annotations

import click
import sqlalchemy as sa

from registry import policy
from registry.accounts.actions import actor_of
from registry.cli.context import Context
from registry.cli.operator import acting
from registry.members import actions
from registry.members.models import Kind, Member, Standing
from registry.notices.actions import set_webhook
from registry.reports.prose import verify_prose
from registry.restraints import actions as restraints
from registry.running import start


@click.group()
def member() -> None:
    """Admit members and their units, suspend and readmit them. For the operator's machine."""


@member.command("add")
@click.argument("id")
@click.option("--name", required=True, help="The company's name.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=Kind.CARRIER.value, show_default=True)
@click.option(
    "--headcount", type=click.IntRange(min=0), default=0, help="Declared staff; the budget of checks follows."
)
@click.option("--group", help="Companies under one owner share it; default: the member itself.")
@click.pass_obj
def add(context: Context, id: str, name: str, kind: str, headcount: int, group: str | None) -> None:
    """Admit a member; ID is a short name such as acme."""
    with acting(context) as (session, actor, now):
        actions.admit(
            session, id=id, name=name, kind=Kind(kind), headcount=headcount, group=group, actor=actor.id, now=now
        )
    click.echo(f"{id} is admitted")


@member.command("unit")
@click.argument("member_id", metavar="ID")
@click.argument("name")
@click.pass_obj
def unit(context: Context, member_id: str, name: str) -> None:
    """Add a unit (an outlet, franchisee or agency) called NAME to member ID."""
    with acting(context) as (session, actor, now):
        made = actions.add_unit(session, member_id=member_id, name=name, actor=actor.id, now=now)
    click.echo(made.id)


@member.command("standing")
@click.argument("member_id", metavar="ID")
@click.argument("standing", type=click.Choice([standing.value for standing in Standing]))
@click.pass_obj
def standing(context: Context, member_id: str, standing: str) -> None:
    """Suspend, readmit or dismiss member ID."""
    with acting(context) as (session, actor, now):
        actions.set_standing(session, member_id=member_id, standing=Standing(standing), actor=actor.id, now=now)
    click.echo(f"{member_id} is {standing}")


@member.command("restraints")
@click.option("--as", "account", required=True, help="Who asks: a regulator.")
@click.pass_obj
def list_restraints(context: Context, account: str) -> None:
    """Members that file less, or nothing, because their listings fell too often."""
    with start(context.settings).store.read() as session:
        for row in restraints.page(session, actor=actor_of(session, account)):
            rate = f"{row.overturned} of {row.decided} overturned"
            click.echo(f"{row.id}  {row.member_id:<16} {row.state.value:<10} {rate}, since {row.since:%Y-%m-%d}")


@member.command("lift")
@click.argument("restraint_id", metavar="RESTRAINT")
@click.option("--reasons", required=True, help="Why it ends.")
@click.option("--as", "account", required=True, help="Who decides: a regulator.")
@click.pass_obj
def lift(context: Context, restraint_id: str, reasons: str, account: str) -> None:
    """Let the member of RESTRAINT file again as others do."""
    verify_prose(reasons, field="reasons", most=policy.REASONS_LENGTH)
    with acting(context, account) as (session, actor, now):
        row = restraints.lift(session, actor=actor, restraint_id=restraint_id, reasons=reasons, now=now)
        click.echo(f"{row.member_id} files as others do")


@member.command("webhook")
@click.argument("member_id", metavar="ID")
@click.argument("url")
@click.pass_obj
def webhook(context: Context, member_id: str, url: str) -> None:
    """Send member ID its messages at URL: https, or this machine."""
    with acting(context) as (session, actor, now):
        actions.get(session, member_id)
        set_webhook(session, member_id=member_id, url=url, actor=actor.id, now=now)
    click.echo(f"{member_id} is told at its webhook from now on")


@member.command("list")
@click.pass_obj
def list_members(context: Context) -> None:
    """Every member with its kind, standing and declared headcount."""
    with start(context.settings).store.read() as session:
        for row in session.scalars(sa.select(Member).order_by(Member.id)):
            click.echo(f"{row.id:<16} {row.kind:<12} {row.standing:<10} {row.headcount:>8}  {row.name}")
