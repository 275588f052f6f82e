"""`zilu appeal`: repeat the draw of a panel."""

from __future__ import annotations

import click
import sqlalchemy as sa

from registry.appeals.redraw import Redrawn, redraw
from registry.cases.models import Case
from registry.cli.context import Context
from registry.errors import NotFound
from registry.notices.rules import read_case_number
from registry.running import start


@click.group()
def appeal() -> None:
    """Repeat the draw of a panel from the log. For the registry's machine: the acts are sealed."""


@appeal.command("redraw")
@click.argument("number", metavar="CASE")
@click.pass_obj
def redraw_case(context: Context, number: str) -> None:
    """Repeat every draw of CASE (a number such as ZL-7F3K-9QX2) from the log.

    Opens the acts of admission, nonce and draw, computes the message, verifies V under the published draw key, ranks
    the pool anew and compares the seats. Exit code 0: all fits; 1: something differs, and is named.
    """
    run = start(context.settings)
    with run.store.read() as session:
        case = session.scalar(sa.select(Case).where(Case.number == read_case_number(number)))
        if case is None:
            raise NotFound("there is no case of this number; it looks like ZL-7F3K-9QX2", field="case")
        draws = redraw(session, case)
    for drawn in draws:
        _say(drawn)
    if any(drawn.differs for drawn in draws):
        raise SystemExit(1)


def _say(drawn: Redrawn) -> None:
    if drawn.differs:
        for difference in drawn.differs:
            click.echo(f"{drawn.name}: differs: {difference}")
    elif not drawn.is_drawn:
        click.echo(f"{drawn.name}: not drawn yet")
    else:
        click.echo(f"{drawn.name}: the draw repeats; seated: {', '.join(drawn.seats)}")
