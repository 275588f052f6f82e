"""`zilu migrate`: bring the database's tables to a revision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa

from registry import revisions
from registry.cli.context import Context
from registry.config import Settings
from registry.errors import Conflict, Invalid
from registry.running import start


@click.command()
@click.option("--revision", help="Where to go: a revision's name, or base with --down. Default: the newest.")
@click.option("--down", is_flag=True, help="Go back; what only newer tables hold is deleted. Needs --revision.")
@click.option("--yes", is_flag=True, help="Do not ask before going back.")
@click.pass_obj
def migrate(context: Context, revision: str | None, down: bool, yes: bool) -> None:
    """Bring the database's tables to the newest revision. Run it after every update, with the registry stopped."""
    if down and revision is None:
        raise Invalid("--down needs --revision: the revision to go back to, or base", field="revision")
    if down and not yes:
        click.confirm("Rows that only newer tables can hold will be deleted. Go back?", abort=True)
    with _engine(context.settings) as engine:
        if down:
            revisions.downgrade(engine, str(revision))
        else:
            revisions.upgrade(engine, revision or "head")
        click.echo(f"the database is at revision {_current(engine) or revisions.BASE}")


def upgrade(settings: Settings) -> None:
    """Create the tables, or bring them to the newest revision."""
    with _engine(settings) as engine:
        revisions.upgrade(engine)


def require_head(settings: Settings) -> None:
    """Conflict unless the database is at the revision that this code is written for."""
    with _engine(settings) as engine:
        found = _current(engine)
    if found != revisions.head():
        raise Conflict("the database's tables are of another version than this program; run zilu migrate")


@contextmanager
def _engine(settings: Settings) -> Iterator[sa.Engine]:
    engine = start(settings).store.engine
    try:
        yield engine
    finally:
        engine.dispose()


def _current(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        return revisions.current(connection)
