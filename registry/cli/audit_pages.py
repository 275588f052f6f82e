"""`zilu audit pages`: whether a site serves what its log says that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import httpx2

from registry.audit import pages as audit
from registry.audit.pages import Page
from registry.cli import outside
from registry.errors import Invalid, Unavailable

PUBLIC = ("/", "/case")  # pages that run programs and need no sign-in


@click.command("pages")
@click.argument("url")
@click.option("--vkey", help="The log's verifier key, from a source that you trust.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="C2SP tlog-policy: the log's key and the witnesses that must have cosigned.",
)
@click.option("--page", "paths", multiple=True, default=PUBLIC, show_default=True, help="Path of a page, as /policy.")
@click.option(
    "--saved",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A page behind the sign-in, as your browser saved its source.",
)
def pages(url: str, vkey: str | None, policy_file: Path | None, paths: Sequence[str], saved: Sequence[Path]) -> None:
    """Compare the programs that the site at URL serves with the hash in its log.

    And its pages: each may run these programs only, and pin no identity key that does not stand in the log. Exit code
    0: everything fits; 1: something does not; 4: the site cannot be reached.
    """
    url = url.rstrip("/")
    with outside.connected() as client:
        log = outside.log_of(client, url, vkey, policy_file)
        found = audit.shown(log.fetch("keys"), log.policy)
        looked_at = [*(_page(client, url, path) for path in paths), *(_saved(path) for path in saved)]
        differences = audit.verify(found, pages=looked_at, fetch=outside.site(client, url))
    for each in differences:
        click.echo(f"{each.kind:<11} {each.name}  {each.why}")
    for warning in log.warnings:
        click.echo(f"zilu: {warning}", err=True)
    verdict = f"{len(differences)} differences" if differences else "No difference"
    click.echo(f"{verdict}. Looked at: {len(found.programs)} programs, {len(looked_at)} pages.")
    raise SystemExit(1 if differences else 0)


def _page(client: httpx2.Client, url: str, path: str) -> Page:
    try:
        response = client.get(f"{url}/{path.lstrip('/')}", follow_redirects=False)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise Unavailable("the site cannot be reached at this address", retry_after=5) from None
    if response.status_code != httpx2.codes.OK:
        raise Invalid(f"the site answers {response.status_code} for a page; name another with --page", field="page")
    return Page(path, response.text, response.headers.get("Content-Security-Policy", ""))


def _saved(path: Path) -> Page:
    try:
        return Page(path.name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{path} cannot be read as a page in UTF-8", field="saved") from None
