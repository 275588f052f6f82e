"""`zilu check`: is this person listed? One number, several, or a staff file."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, document_type, keys_file, printable, untrusted_exits
from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Answer, Terms
from registry.client.file_checks import Summary, check_file
from registry.client.results_file import Status
from registry.errors import Invalid, TooMany, Unavailable
from registry.identity.document import Document, parse
from registry.policy import Purpose

HITS = 3
_PATIENCE = 5  # seconds for the log to show what was answered; later is no harm, `zilu receipt verify --fetch` gets it


@click.command(
    epilog="Exit codes: 0 nobody is listed; 2 bad input; 3 somebody is; 4 the registry cannot be reached or "
    "is busy, run it again; 5 a proof, a receipt or a pinned key does not verify."
)
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1)
@click.option("--file", "path", type=click.Path(path_type=Path, dir_okay=False), help="Staff file, CSV.")
@click.option("--column", help="Title or position of the column with the numbers, if it is not found by itself.")
@document_type
@click.option("--purpose", type=click.Choice([p.value for p in Purpose]), required=True, help="Why you ask.")
@click.option("--consent-reference", "reference", help="Where you keep the consent, without a number.")
@click.option("--granted", "group", metavar="GROUP", help="Or: they agreed by links of this group (zilu consent ask).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Results. Default: FILE.results.csv.")
@click.option(
    "--receipts",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where receipts are kept. Default: OUT.receipts, or the folder receipts.",
)
@click.option("--details", is_flag=True, help="Also read what each hit says; the person can see that you did.")
@click.option("--ask-again", is_flag=True, help="Repeat a batch of more than a day ago that was not answered.")
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def check(
    context: Context,
    numbers: tuple[str, ...],
    path: Path | None,
    column: str | None,
    type: str,
    purpose: str,
    reference: str | None,
    group: str | None,
    out: Path | None,
    folder: Path | None,
    details: bool,
    ask_again: bool,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Ask whether people are listed. Their numbers are blinded here and never sent.

    A NUMBER on the command line can be seen by others on this machine (ps) and stays in the shell's history: give
    "-" instead and type the numbers, or pipe them in, one a line.

    With --file, an interrupted run is resumed by the same command; nobody is checked twice. Rows end up in the results
    as checked, hit, rejected or duplicate, by row number; the receipt of each batch is kept beside as JSON.
    """  # fmt: skip
    if bool(numbers) == bool(path):
        raise Invalid("give either NUMBERs (or -), or --file", field="file")
    terms = _terms(purpose, reference, group)
    people = typed_people(numbers, type)
    registry = connect(context, account, scope="check", keys_path=keys_path)
    if path is None:
        hits = _check_people(registry, people, terms, folder or Path("receipts"), details=details)
    else:
        out = out or path.with_name(path.name + ".results.csv")
        folder = folder or out.with_name(out.name + ".receipts")
        hits = _check_file(registry, path, out, folder, terms, column, type, details=details, ask_again=ask_again)
    sys.exit(HITS if hits else 0)


def _terms(purpose: str, reference: str | None, group: str | None) -> Terms:
    if group is not None and reference is None:
        return Terms.granted(purpose=purpose, group=group)
    if reference is not None and group is None:
        return Terms.declared(purpose=purpose, reference=reference)
    raise Invalid("give either --consent-reference or --granted", field="consent")


def typed_people(numbers: Sequence[str], type: str) -> list[Document]:
    """All of them are read before anybody is asked about; a wrong one is named by its place."""
    typed = [line for number in numbers for line in (sys.stdin if number == "-" else [number]) if line.strip()]
    if numbers and not typed:
        raise Invalid("no number was given; type one a line", field="number")
    people = []
    for place, text in enumerate(typed, 1):
        try:
            people.append(parse(text, type))
        except Invalid as refused:
            which = f"number {place}: " if len(typed) > 1 else ""
            raise Invalid(f"{which}{refused.message}", field=refused.field, code=refused.code) from None
    return people


def _check_people(registry: Registry, people: list[Document], terms: Terms, folder: Path, *, details: bool) -> bool:
    said: list[Answer] = []
    size = registry.pins.batch
    for start in range(0, len(people), size):
        key = secrets.token_urlsafe(24)
        checked = checking.check(registry, people[start : start + size], terms=terms, key=key)
        path = receipts.save(folder, checked.batch, checked.receipt)
        said += checked.answers
        click.echo(f"receipt: {path}", err=True)
    for place, answer in enumerate(said, 1):
        outcome = f"entry {answer.reference}" if answer.is_hit else "no-entry"
        click.echo(f"{place}\t{outcome}\tcheck {answer.check}")
    hits = [(place, answer.check) for place, answer in enumerate(said, 1) if answer.is_hit]
    _after(registry, hits, folder, "number", details=details)
    return bool(hits)


def _check_file(
    registry: Registry, path: Path, out: Path, folder: Path, terms: Terms, column: str | None, type: str, *,
    details: bool, ask_again: bool,
) -> bool:  # fmt: skip
    with Bar() as bar:
        try:
            summary = check_file(
                registry, path, results=out, receipts_folder=folder, terms=terms, column=column, type=type,
                ask_again=ask_again, on_progress=bar.show,
            )  # fmt: skip
        except (TooMany, Unavailable, KeyboardInterrupt):
            click.echo(f"Stopped after {bar.done} rows; run the same command again to go on from there.", err=True)
            raise
    click.echo(_line(summary))
    click.echo(f"results: {out}\nreceipts: {folder}", err=True)
    _after(registry, summary.hits, folder, "row", details=details)
    return bool(summary.hits)


def _line(summary: Summary) -> str:
    counts = ", ".join(f"{summary.counts[status]} {status.value}" for status in Status)
    return f"{sum(summary.counts.values())} rows: {counts}"


def _after(registry: Registry, hits: Sequence[tuple[int, str]], folder: Path, what: str, *, details: bool) -> None:
    """Say what follows from hits, and put the log's proofs to the receipts."""
    for place, check in hits:
        click.echo(f"{what} {place} is listed (check {check})")
        if details:
            _show(checking.details(registry, check))
    if hits:
        click.echo("A hit is no decision: confirm the identity, hear the person, let a named person decide.", err=True)
    late = receipts.complete(registry, folder, patience=_PATIENCE, sleep=time.sleep)
    if late:
        click.echo(
            f"{late} receipts have no log proof although it was due; tell the regulator, and try zilu receipt verify "
            "--fetch",
            err=True,
        )


def _show(details: dict[str, object]) -> None:
    for name in ("state", "disputed", "offence", "level", "basis", "listed_at", "until", "statement"):
        click.echo(f"  {name}: {printable(details.get(name))}")
    duties = details.get("duties")
    for duty in duties if isinstance(duties, list) else []:
        click.echo(f"  you must: {printable(duty)}")


class Bar:
    """A progress bar on the terminal's standard error, for what takes longer than a second."""

    def __init__(self) -> None:
        self.done = 0
        self._began = time.monotonic()
        self._columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*self._columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("checking")

    def show(self, done: int, total: int) -> None:
        self.done = done
        if time.monotonic() - self._began > 1 and self._progress.console.is_terminal:
            self._progress.start()
        self._progress.update(self._task, completed=done, total=total)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()
