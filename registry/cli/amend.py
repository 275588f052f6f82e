"""`zilu report amend`, `amendments`, `confirm`: what is said of a report after its screening."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, printable, untrusted_exits
from registry.client import amending, drafts

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("amend")
@click.argument("report_id", metavar="ID")
@click.argument("path", metavar="AMENDMENT", type=_FILE)
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def amend(context: Context, report_id: str, path: Path, account: str | None, keys_path: Path | None) -> None:
    """Sign AMENDMENT (JSON) of report ID: a correction, revision, contest or void. A second person confirms it.

    Members: kind, what, why; changes {offence, level, basis, term_days}; on and settles of a revision; proceeding
    {body: court, arbitration or labour, reference, on} of a contest. A void hides the entry at once.
    """
    said = drafts.read_document(path)
    registry = connect(context, account, scope="report", keys_path=keys_path)
    _say(amending.amend(registry, report_id, said))


@click.command("amendments")
@click.argument("report_id", metavar="ID")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def amendments(context: Context, report_id: str, account: str | None, keys_path: Path | None) -> None:
    """The amendments of report ID, as JSON. The registry writes down that they were read."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    click.echo(printable(json.dumps(amending.amendments(registry, report_id), ensure_ascii=False, indent=1)))


@click.command("confirm")
@click.argument("report_id", metavar="ID")
@click.argument("amendment_id", metavar="AMENDMENT")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def confirm(context: Context, report_id: str, amendment_id: str, account: str | None, keys_path: Path | None) -> None:
    """Confirm AMENDMENT of report ID as the second person, over the words that are shown: it takes effect."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    shown = amending.waiting(registry, report_id, amendment_id)
    click.echo(printable(json.dumps(shown["statement"], ensure_ascii=False, indent=1)), err=True)
    _say(amending.confirm(registry, shown))


def _say(done: Mapping[str, Any]) -> None:
    click.echo(f"{done['id']}\t{done['kind']}\t{done['state']}\tto be confirmed by {done['confirm_by']}")
