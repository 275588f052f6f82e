"""`zilu doctor`: what is well and what is not, one line each, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import click
import sqlalchemy as sa

from registry import policy
from registry.appeals import pool
from registry.cli.context import Context
from registry.cli.migrate import require_head
from registry.config import read_secrets
from registry.errors import Conflict, Invalid, Unavailable, ZiluError
from registry.findings import canaries
from registry.log.models import Act
from registry.log.quorum import weaknesses
from registry.log.sequencer import verify_head
from registry.running import Running, start


def _sequenced(run: Running) -> None:
    with run.store.read() as session:
        oldest = session.scalar(sa.select(sa.func.min(Act.at)).where(Act.position.is_(None)))
    if oldest is not None and run.clock() - oldest > policy.SEQUENCING_LIMIT:
        raise Unavailable("acts have waited for more than a minute to be logged; start zilu worker", retry_after=60)


def _seats(run: Running) -> None:
    """Listing stays closed for the members whose cases could not be seated at both instances."""
    with run.store.read() as session:
        closed = pool.unseatable(session)
    if closed:
        raise Unavailable(
            f"nothing that {', '.join(closed)} filed is listed: two panels of {policy.SEATS} could not be drawn; "
            f"call panelists of {2 * policy.SEATS} members that are free of each",
            retry_after=60,
        )


def _canaries(run: Running) -> None:
    with run.store.read() as session:
        found = [alarm.id for alarm in canaries.open_alarms(session)]
    if found:
        raise Conflict(
            f"{len(found)} batches asked about a person who does not exist; a regulator reads who it was in finding "
            f"{found[0]}, and closes it"
        )


def _clock(run: Running) -> None:
    with run.store.read() as session:
        latest = session.scalar(sa.select(sa.func.max(Act.at)))
    if latest is not None and latest - run.clock() > timedelta(minutes=1):
        raise Unavailable("the clock stands before the last act; correct it before anything is logged", retry_after=60)


def _quorum(run: Running) -> None:
    """What the log's policy asks for less than the consortium's rules do."""
    if found := list(weaknesses(run.policy)):
        raise Invalid(f"{'; '.join(found)}; see docs/log.md, and name a policy in log.policy", field="log.policy")


def checks(context: Context) -> Iterator[tuple[str, Callable[[], object]]]:
    settings = context.settings
    yield "secrets are there and readable by their owner only", lambda: read_secrets(settings.secrets)
    yield "the database is at the revision of this code", lambda: require_head(settings)
    yield "the log fits its last checkpoint", lambda: verify_head(start(settings).store)
    yield "the log's heads need the quorum that the rules ask for", lambda: _quorum(start(settings))
    yield "acts are logged within a minute", lambda: _sequenced(start(settings))
    yield "the clock does not stand before the last act", lambda: _clock(start(settings))
    yield "nobody has asked about a canary", lambda: _canaries(start(settings))
    yield "the key holder answers", lambda: start(settings).holder.public()
    yield "every case could be seated at both instances", lambda: _seats(start(settings))


@click.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Say what is well and what is not. Ends with 1 when something is not."""
    failed = False
    for name, probe in checks(context):
        try:
            probe()
            click.echo(f"{click.style('ok  ', fg='green')} {name}")
        except ZiluError as error:
            failed = True
            click.echo(f"{click.style('bad ', fg='red')} {name}: {error.message}")
    if failed:
        raise SystemExit(1)
