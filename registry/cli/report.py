"""`zilu report`: draft, sign, file and countersign a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from registry.cli import amend, imports, incident
from registry.cli.context import Context
from registry.cli.draft import draft as draft_commands
from registry.cli.profile import as_account, connect, document_type, keys_file, printable, typed_number, untrusted_exits
from registry.client import drafts, reporting
from registry.client.reporting import Verify
from registry.reports import statement

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN = ("member", "offence", "level", "basis", "term_days", "state")


@click.group()
def report() -> None:
    """Sign, file and countersign reports; turn an existing list into drafts.

    Exit codes: 0 done; 2 bad input or refused; 4 the registry cannot be reached or is busy, run it again; 5 a proof or
    a pinned key does not verify.
    """


for command in (draft_commands, amend.amend, amend.amendments, amend.confirm, incident.incident):
    report.add_command(command)


@report.command("sign")
@click.argument("draft", type=_FILE)
@click.option("--out", type=_FILE, help="Signed report. Default: DRAFT.signed.json.")
@document_type
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def sign(
    context: Context, draft: Path, out: Path | None, type: str, account: str | None, keys_path: Path | None
) -> None:
    """Sign DRAFT (JSON) as a report about the person whose number is asked for, or read from standard input.

    The draft is checked before the number is asked for. The number is blinded here; the key stays here.
    """
    out = out or draft.with_name(draft.stem + ".signed.json")
    prepared = drafts.load(draft)
    registry = connect(context, account, scope="report", keys_path=keys_path)
    payload = reporting.prepare(registry, prepared, verify=_verifying(registry.profile.issuer, registry.clock()))
    token = reporting.sign(registry, payload, typed_number(type))
    drafts.store(out, {"report": token, "contact": prepared.contact})
    click.echo(f"{out}: signed for {payload['iss']} as {registry.profile.account}; file it with zilu report file {out}")


@report.command("file")
@click.argument("signed", type=_FILE)
@click.option("--exhibit", "exhibits", type=_FILE, multiple=True, help="A file that the report names; one for each.")
@click.option("--replaces", metavar="ID", help="A new version of report ID; only its new exhibits are sent.")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def file(
    context: Context,
    signed: Path,
    exhibits: tuple[Path, ...],
    replaces: str | None,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Send the report in SIGNED with its exhibits. Sent again, it is the same report.

    Until a report is screened a new version may replace it, which must be countersigned again.
    """
    document = drafts.load_signed(signed)
    registry = connect(context, account, scope="report", keys_path=keys_path)
    filed = reporting.file(registry, document, exhibits, replaces=replaces)
    click.echo(f"{filed['id']}\tcase {filed['case']}\t{filed['state']}")


@report.command("show")
@click.argument("report_id", metavar="ID")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def show(context: Context, report_id: str, account: str | None, keys_path: Path | None) -> None:
    """What the registry holds of report ID, as JSON. The registry writes down that it was read."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    click.echo(printable(json.dumps(reporting.read(registry, report_id), ensure_ascii=False, indent=1)))


@report.command("countersign")
@click.argument("report_id", metavar="ID")
@document_type
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def countersign(context: Context, report_id: str, type: str, account: str | None, keys_path: Path | None) -> None:
    """Countersign report ID as the second person: read it, then enter the number again from the document.

    With another number nothing is signed and nothing changes.
    """
    registry = connect(context, account, scope="report", keys_path=keys_path)
    shown = reporting.read(registry, report_id)
    _show(shown)
    done = reporting.countersign(registry, shown, typed_number(type))
    click.echo(f"{done['id']}\tcase {done['case']}\t{done['state']}")


@report.command("import")
@click.argument("path", metavar="LIST", type=_FILE)
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Folder. Default: LIST.drafts.")
@click.pass_obj
def import_list(context: Context, path: Path, into: Path | None) -> None:
    """Turn an existing list (CSV, one case a row) into drafts. Nothing is sent, and no number is read from it.

    Each draft is to be completed, signed from the document, and goes the whole way: notice, window, hearing.
    """
    into = into or path.with_name(path.name + ".drafts")
    made = imports.read(path, today=context.profiles.clock().date())
    imports.store(into, made)
    for row in made.refused:
        click.echo(f"row {row.number}: {row.reason}", err=True)
    click.echo(f"{len(made.drafts)} drafts in {into}, {len(made.refused)} rows refused")
    if made.refused:
        raise SystemExit(2)


def _verifying(issuer: str, now: datetime) -> Verify:
    def verify(payload: Mapping[str, Any], member: str) -> None:
        accusation = statement.read(payload, member_id=member, issuer=issuer)
        statement.verify_timely(accusation, payload, now=now)

    return verify


def _show(shown: Mapping[str, Any]) -> None:
    for name in _SHOWN:
        click.echo(f"{name}: {printable(shown[name])}", err=True)
    click.echo(printable(json.dumps(shown["statement"], ensure_ascii=False, indent=1)), err=True)
