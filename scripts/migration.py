"""Write migrations, and find out whether one is missing.

python scripts/migration.py drift            exit 1 and name the differences when models and migrations disagree
python scripts/migration.py new "message"    a revision from the difference between models and migrations
python scripts/migration.py initial          write the first revision anew; only before the first release
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import sqlalchemy as sa
from alembic import command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from registry import revisions
from registry.db import Keyring, Store

VERSIONS = revisions.FOLDER / "versions"


@contextmanager
def scratch() -> Iterator[sa.Engine]:
    """An empty SQLite database that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/scratch.db", Keyring(vault_key=bytes(32), pepper=bytes(32)))
        yield store.engine
        store.engine.dispose()


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
def drift() -> None:
    """Compare an upgraded database with the models."""
    with scratch() as engine:
        revisions.upgrade(engine)
        found = revisions.drift(engine)
    for change in found:
        click.echo(change)
    if found:
        raise SystemExit("models and migrations differ; run: python scripts/migration.py new MESSAGE")


@main.command()
@click.argument("message")
def new(message: str) -> None:
    """A new revision after the newest."""
    number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
    with scratch() as engine:
        if number > 1:
            revisions.upgrade(engine)
        with engine.connect().execution_options(zilu_write=True) as connection:
            command.revision(revisions.config(connection), message, autogenerate=True, rev_id=f"{number:04d}")
    written = sorted(VERSIONS.glob("[0-9]*.py"))[-1]
    _tidy(written)
    click.echo(f"wrote {written}; read it before you commit it")


def _tidy(written: Path) -> None:
    lines = written.read_text().splitlines()
    written.write_text("\n".join(line.rstrip() for line in lines if "# ###" not in line) + "\n")
    for command_ in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *command_, "-q", written], check=True)


@main.command()
@click.pass_context
def initial(ctx: click.Context) -> None:
    """The first revision, from nothing."""
    for old in VERSIONS.glob("[0-9]*.py"):
        old.unlink()
    ctx.invoke(new, message="initial")


if __name__ == "__main__":
    main()
