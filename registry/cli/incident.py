"""`zilu report incident`: what a member notes before there is anything to report."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, printable, untrusted_exits
from registry.client.reporting import require_id


@click.group()
def incident() -> None:
    """Your member's own register of incidents: sealed, for your own people alone, deleted by itself."""


@incident.command("note")
@click.argument("reference")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def note(context: Context, reference: str, account: str | None, keys_path: Path | None) -> None:
    """Note what standard input says about the incident that your member calls REFERENCE."""
    text = sys.stdin.read().strip()
    registry = connect(context, account, scope="report", keys_path=keys_path)
    kept = registry.post("/api/v1/incidents", {"reference": reference, "text": text})
    click.echo(f"{kept['id']}\tkept until {kept['kept_until']}")


@incident.command("list")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def index(context: Context, account: str | None, keys_path: Path | None) -> None:
    """Your member's notes, with the reports that name the same incident. The registry writes down that it was read."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    for kept in registry.get("/api/v1/incidents")["incidents"]:
        cases = ", ".join(f"{each['case']} {each['state']}" for each in kept["reports"]) or "no report"
        click.echo(f"{kept['id']}\t{printable(kept['reference'])}\t{kept['noted_at']}\t{cases}")
        click.echo(printable(kept["text"]))


@incident.command("delete")
@click.argument("incident_id", metavar="ID")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def delete(context: Context, incident_id: str, account: str | None, keys_path: Path | None) -> None:
    """Delete note ID."""
    registry = connect(context, account, scope="report", keys_path=keys_path)
    click.echo(f"{registry.delete(f'/api/v1/incidents/{require_id(incident_id)}')['id']}\tdeleted")
