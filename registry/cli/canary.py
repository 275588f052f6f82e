"""`zilu keyholder canary`: numbers that nobody has, whose check raises an alarm. On the registry's machine."""

from __future__ import annotations

import click

from registry.cli.context import Context
from registry.cli.operator import acting
from registry.cli.profile import document_type, typed_number
from registry.findings import canaries
from registry.findings.rules import cause_of_canary
from registry.identity import tags
from registry.identity.document import Document
from registry.identity.voprf import Evaluated
from registry.keys.rotations import present
from registry.running import Running, start

by = click.option("--as", "account", help="Account of the operator or of a regulator; the first operator without it.")


@click.group()
def canary() -> None:
    """Keep canaries: numbers that nobody has. Whoever checks one is guessing, and an alarm is raised within a minute.

    Take numbers that were never given out and look like any other: a real region and date, a right check digit.
    """


@canary.command("add")
@by
@document_type
@click.pass_obj
def add(context: Context, account: str | None, type: str) -> None:
    """Add one; its number comes from the prompt or from standard input. Only its tag is kept, sealed."""
    run = start(context.settings)
    tag = _tag(run, typed_number(type))
    sealing = run.holder.public().sealing_public
    with acting(context, account) as (session, actor, now):
        added = canaries.add(session, actor=actor, tag=tag, sealing_public=sealing, now=now)
    click.echo(f"{added.id}  added")


def _tag(run: Running, person: Document) -> bytes:
    """The tag under the present key, from the key holder itself: one of what all members together may have a day."""
    with run.store.read() as session:
        keys = present(session, run.holder.public())
    blinded = tags.blind(person)
    evaluation = run.holder.evaluate(
        member="operator", account="canary", elements=[blinded.element], key_id=keys.key_id
    )
    (tag,) = tags.unblind_batch(keys.public, [blinded], Evaluated(evaluation.elements, evaluation.proof))
    return tag


@canary.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """Name the canaries, and the alarms that no regulator has closed."""
    with start(context.settings).store.read() as session:
        for each in canaries.listed(session):
            click.echo(f"{each.id}  since {each.added_at:%Y-%m-%d}")
        for alarm in canaries.open_alarms(session):
            batch = alarm.cause.removeprefix(cause_of_canary(""))
            click.echo(f"alarm {alarm.id}  {alarm.raised_at:%Y-%m-%d %H:%M} UTC  batch {batch}")


@canary.command("remove")
@click.argument("canary_id", metavar="CANARY")
@by
@click.pass_obj
def remove(context: Context, canary_id: str, account: str | None) -> None:
    """Forget CANARY; checks of its number raise no alarm any more."""
    with acting(context, account) as (session, actor, now):
        canaries.remove(session, actor=actor, canary_id=canary_id, now=now)
    click.echo(f"{canary_id}  removed")
