"""`zilu report draft`: what is still being written, kept at the registry for the member's own reporters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, printable, untrusted_exits
from registry.client import drafts
from registry.client.reporting import require_id

_FILE = click.Path(path_type=Path, dir_okay=False)
_WARNINGS = {"ending": "the time to file is running out", "over": "late: the report must say why"}


@click.group()
def draft() -> None:
    """Keep drafts at the registry, for your member's reporters alone, for 30 days each."""


@draft.command("save")
@click.argument("path", metavar="DRAFT", type=_FILE)
@click.option("--id", "draft_id", help="Write this draft anew, if it still is as --version says.")
@click.option("--version", type=int, help="The version that was read.")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def save(
    context: Context,
    path: Path,
    draft_id: str | None,
    version: int | None,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Keep DRAFT (JSON), written as far as it is."""
    document = drafts.read_document(path)
    registry = connect(context, account, scope="report", keys_path=keys_path)
    if draft_id is None:
        _say(registry.post("/api/v1/drafts", {"document": document}))
    else:
        _say(registry.replace(_path(draft_id), {"document": document, "version": version or 1}))


@draft.command("list")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def index(context: Context, account: str | None, keys_path: Path | None) -> None:
    """Your member's drafts, and what time is left to file each."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    for kept in registry.get("/api/v1/drafts")["drafts"]:
        _say(kept)


@draft.command("show")
@click.argument("draft_id", metavar="ID")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def show(context: Context, draft_id: str, account: str | None, keys_path: Path | None) -> None:
    """Draft ID as JSON. The registry writes down that it was read."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    document = registry.get(_path(draft_id))["document"]
    click.echo(printable(json.dumps(document, ensure_ascii=False, indent=1)))


@draft.command("delete")
@click.argument("draft_id", metavar="ID")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def delete(context: Context, draft_id: str, account: str | None, keys_path: Path | None) -> None:
    """Delete draft ID."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    click.echo(f"{registry.delete(_path(draft_id))['id']}\tdeleted")


def _path(draft_id: str) -> str:
    return f"/api/v1/drafts/{require_id(draft_id)}"


def _say(kept: Mapping[str, Any]) -> None:
    click.echo(f"{kept['id']}\tversion {kept['version']}\tkept until {kept['kept_until']}")
    if warning := _WARNINGS.get(str(kept["clock"])):
        click.echo(f"{kept['id']}: {warning} (by {kept['file_by']})", err=True)
