"""`zilu watch`: be told when somebody of the present staff is listed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import click

from registry.cli.check import typed_people
from registry.cli.context import Context
from registry.cli.profile import as_account, connect, document_type, keys_file
from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Terms
from registry.identity.document import Document
from registry.policy import DAY, WATCH_AT_MOST, Purpose

_SCOPE = "check watch"
_DAYS = WATCH_AT_MOST // DAY

days = click.option("--days", type=click.IntRange(1, _DAYS), default=_DAYS, show_default=True, help="How long.")
reference = click.option("--consent-reference", "reference", required=True, help="Where you keep the consent.")


@click.group()
def watch() -> None:
    """Watch present staff: a listing reaches you as a recall. Beginning and renewing each cost one check a person."""


@watch.command("begin")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@document_type
@reference
@days
@click.option("--receipts", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("receipts"))
@as_account
@keys_file
@click.pass_obj
def begin(
    context: Context,
    numbers: tuple[str, ...],
    type: str,
    reference: str,
    days: int,
    folder: Path,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Check these people as present staff and keep the checks open. Give "-" to type the numbers, one a line."""
    people = typed_people(numbers, type)
    registry = connect(context, account, scope=_SCOPE, keys_path=keys_path)
    checks = _checks(registry, people, reference, folder)
    for each in registry.post("/api/v1/watches", {"checks": checks, "days": days})["watches"]:
        _say(each)


@watch.command("renew")
@click.argument("watch_id", metavar="WATCH")
@click.argument("number")
@document_type
@reference
@days
@click.option("--receipts", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("receipts"))
@as_account
@keys_file
@click.pass_obj
def renew(
    context: Context,
    watch_id: str,
    number: str,
    type: str,
    reference: str,
    days: int,
    folder: Path,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Go on with WATCH for the same person. Give "-" to type the number."""
    people = typed_people((number,), type)
    registry = connect(context, account, scope=_SCOPE, keys_path=keys_path)
    (check,) = _checks(registry, people[:1], reference, folder)
    _say(registry.post(f"/api/v1/watches/{watch_id}/renewal", {"check": check, "days": days}))


@watch.command("list")
@as_account
@keys_file
@click.pass_obj
def list_watches(context: Context, account: str | None, keys_path: Path | None) -> None:
    """Your member's live watches."""
    registry = connect(context, account, scope=_SCOPE, keys_path=keys_path)
    after = ""
    while page := registry.get(f"/api/v1/watches?after={after}")["watches"]:
        for each in page:
            _say(each)
        after = page[-1]["id"]


@watch.command("cancel")
@click.argument("watch_id", metavar="WATCH")
@as_account
@keys_file
@click.pass_obj
def cancel(context: Context, watch_id: str, account: str | None, keys_path: Path | None) -> None:
    """End WATCH; nothing is told any more."""
    _say(connect(context, account, scope=_SCOPE, keys_path=keys_path).delete(f"/api/v1/watches/{watch_id}"))


@watch.command("changes")
@click.option("--cursor", help="What the command printed last; without it, from the beginning.")
@as_account
@keys_file
@click.pass_obj
def changes(context: Context, cursor: str | None, account: str | None, keys_path: Path | None) -> None:
    """What has happened to the entries that you filed, were shown or watch; the last line is the cursor to go on."""
    registry = connect(context, account, scope=_SCOPE, keys_path=keys_path)
    while True:
        page = registry.get("/api/v1/changes" + (f"?cursor={cursor}" if cursor else ""))
        for each in page["changes"]:
            click.echo(f"{each['at']}\t{each['entry']}\t{each['change']}\t{each['state']}")
        cursor = page["cursor"]
        if not page["changes"]:
            break
    click.echo(f"cursor\t{cursor}")


def _checks(registry: Registry, people: list[Document], reference: str, folder: Path) -> list[str]:
    """The ids of new checks, in order; each receipt is kept."""
    terms = Terms.declared(purpose=Purpose.PRESENT_STAFF.value, reference=reference)
    checked = checking.check(registry, people, terms=terms, key=secrets.token_urlsafe(24))
    click.echo(f"receipt: {receipts.save(folder, checked.batch, checked.receipt)}", err=True)
    for place, answer in enumerate(checked.answers, 1):
        if answer.is_hit:
            click.echo(f"{place}: entry {answer.reference} already", err=True)
    return [answer.check for answer in checked.answers]


def _say(watch: dict[str, Any]) -> None:
    state = "cancelled" if watch["cancelled_at"] else f"until {watch['until']}"
    click.echo(f"{watch['id']}\t{state}\tcheck {watch['check']}")
