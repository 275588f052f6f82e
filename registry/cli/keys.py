"""`zilu keys`: rotate the identity key, verify that nobody was exchanged on the way, renew what wraps case keys."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.progress import Progress

from registry.accounts.actions import actor_of
from registry.cases import wrapping
from registry.cli.context import Context
from registry.errors import Conflict, NotFound
from registry.keys.holder import MAX_ELEMENTS, key_id
from registry.keys.models import Rotation
from registry.keys.rotations import going_on
from registry.policy import ROTATION_GRACE
from registry.rotation import actions, moving, verification
from registry.running import Running, start
from registry.wrapping import WrappingKeys

_AT_ONCE = 200  # handles that are replaced, or case keys that are wrapped, in one transaction


@click.group()
def keys() -> None:
    """Rotate the consortium's identity key; verify a rotation; renew the key that wraps case keys."""


@keys.command("rotate-identity")
@click.option("--as", "operator", required=True, help="Account of the operator.")
@click.pass_obj
def rotate_identity(context: Context, operator: str) -> None:
    """Do the next part of a rotation, and say what comes after it. Whoever is interrupted runs it again.

    It needs nobody's number, and checks go on meanwhile.
    """
    run = start(context.settings)
    rotation = _begun(run, operator)
    if rotation.switched_at is None:
        try:
            rotation = _switched(run, rotation, operator)
        except Conflict as refused:
            if refused.code != "rotation-unverified":
                raise
            click.echo("Everything is moved. Next: a regulator runs zilu keys verify-rotation; then run this again.")
            return
    _settle(run, rotation, operator)


def _begun(run: Running, operator: str) -> Rotation:
    following = run.holder.begin_rotation()
    with run.store.write() as session:
        actor, public = actor_of(session, operator), run.holder.public()
        return actions.begin(session, actor=actor, keys=public, following=following, now=run.clock())


def _switched(run: Running, rotation: Rotation, operator: str) -> Rotation:
    """Move and switch; a check that came in between the two is moved before the next try."""
    while True:
        _with_progress(
            "Moving tags",
            _unmoved(run),
            lambda: moving.move_some(run.store, run.holder, rotation, limit=MAX_ELEMENTS, now=run.clock()),
        )
        try:
            with run.store.write() as session:
                actor = actor_of(session, operator)
                return actions.switch(session, actor=actor, rotation=rotation, now=run.clock())
        except Conflict as refused:
            if refused.code != "rotation-unmoved":
                raise


def _unmoved(run: Running) -> int:
    with run.store.read() as session:
        return moving.unmoved(session)


def _settle(run: Running, rotation: Rotation, operator: str) -> None:
    new = key_id(rotation.new_public)
    if rotation.switched_at is not None and run.clock() < rotation.switched_at + ROTATION_GRACE:
        until = rotation.switched_at + ROTATION_GRACE
        click.echo(f"Clients use {new} now. Run this again after {until:%Y-%m-%d %H:%M} UTC.")
        return
    _with_progress("Replacing old handles", None, lambda: _settled(run, rotation, operator))
    click.echo(f"Nothing is left of the old key. Next, on the key holder's machine: zilu keyholder retire {new}")


def _settled(run: Running, rotation: Rotation, operator: str) -> int:
    with run.store.write() as session:
        actor = actor_of(session, operator)
        return actions.settle_some(session, actor=actor, rotation=rotation, limit=_AT_ONCE, now=run.clock())


@keys.command("verify-rotation")
@click.option("--as", "regulator", required=True, help="Account of a regulator.")
@click.pass_obj
def verify_rotation(context: Context, regulator: str) -> None:
    """Verify every proof of the rotation that goes on: that each tag was moved to the new key, and none exchanged."""
    run = start(context.settings)
    with run.store.read() as session:
        actor, rotation = actor_of(session, regulator), going_on(session)
    if rotation is None:
        raise NotFound("no rotation goes on")
    verified = _with_progress(
        "Verifying",
        None,
        lambda: verification.verify_some(run.store, run.holder, rotation, actor=actor, now=run.clock()),
    )
    new, old = (key_id(public) for public in (rotation.new_public, rotation.old_public))
    click.echo(f"{verified} tags were moved from {old} to {new} and none was exchanged.")


@keys.command()
@click.option("--as", "operator", required=True, help="Account of the operator.")
@click.option("--destroy-now", is_flag=True, help="Destroy older keys before their backups are over: none will open.")
@click.pass_obj
def rewrap(context: Context, operator: str, destroy_now: bool) -> None:
    """Wrap every case's key under a new key; destroy the keys whose backups are over. Once a month.

    Checks and pages go on meanwhile. Whoever is interrupted runs it again.
    """
    run = start(context.settings)
    ring = WrappingKeys(context.settings.secrets.wrapping_folder)
    with run.store.write() as session:
        actor, now = actor_of(session, operator), run.clock()
        begun, total = wrapping.begin(session, actor=actor, keys=ring, now=now), wrapping.left(session)
    _with_progress("Wrapping keys", total, lambda: _rewrapped(run, operator))
    with run.store.write() as session:
        actor, now = actor_of(session, operator), run.clock()
        later = wrapping.destroy_due(session, actor=actor, keys=ring, now=now, at_once=destroy_now)
    click.echo(f"Every case's key is under {begun.id} now. Put its file into the backup of the keys.")
    if later is not None:
        click.echo(f"An older key stays for the backups made before; run this again after {later:%Y-%m-%d}.")


def _rewrapped(run: Running, operator: str) -> int:
    """How many, at least 1 until the renewal is finished: what was opened meanwhile is wrapped in the next round."""
    with run.store.write() as session:
        actor, now = actor_of(session, operator), run.clock()
        done = wrapping.rewrap_some(session, actor=actor, limit=_AT_ONCE, now=now)
        if done or wrapping.finish(session, actor=actor, now=now):
            return done
        return 1


def _with_progress(what: str, total: int | None, step: Callable[[], int]) -> int:
    """Repeat the step until it has nothing left to do; returns how many were done."""
    done = 0
    with Progress(transient=True) as progress:
        task = progress.add_task(what, total=total)
        while count := step():
            done += count
            progress.advance(task, count)
    return done
