"""`zilu demo`: found a consortium, tell one report's whole story on generated data, then serve it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from registry.cli.context import Context
from registry.cli.demo import people, story
from registry.cli.demo.stage import Stage, StoryFailed, free_port, prepare
from registry.clock import system

DAYS_AGO = 80
FOLDER = Path("var/demo")


@click.command()
@click.option("--no-serve", is_flag=True, help="End after the story.")
@click.option("--keep", is_flag=True, help="Serve the data of the demo before, without telling the story again.")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--port", type=int, default=8420, show_default=True, help="The first free one from here is taken.")
@click.option("--seed", type=int, default=2017, show_default=True, help="Other people, other numbers.")
@click.pass_obj
def demo(_context: Context, no_serve: bool, keep: bool, folder: Path, port: int, seed: int) -> None:
    """Found a demo consortium under var/demo and tell one report's whole story on it.

    The story starts 80 days ago on a clock of its own, so that notice, window, listing, appeal and recall have all
    happened when the page opens; from then on the registry runs on real time. Whatever an earlier demo left is kept
    as var/demo-before.
    """
    if keep:
        serve(Stage(folder, system()), (folder / "sign-in.txt").read_text())
        return
    prepare(folder)
    begin = datetime.combine(system().date() - timedelta(days=DAYS_AGO), datetime.min.time(), UTC)
    stage = Stage(folder, begin)
    click.echo(f"Zilu: founding a demo consortium in {folder} …")
    company = people.found(stage, issuer=f"http://127.0.0.1:{free_port(port)}", port=free_port(port))
    try:
        stage.serve()
        notes = story.tell(stage, company, seed=seed)
    except StoryFailed as error:
        raise click.ClickException(f"the story broke off: {error}") from None
    finally:
        stage.stop()
    text = people.sign_ins(stage, company, notes)
    if no_serve:
        click.echo(f"\n{text}")
        click.echo(f"\nThe data stand in {folder}. To serve them: bash scripts/demo.sh --keep")
        return
    serve(stage, text)


def serve(stage: Stage, text: str) -> None:
    """Serve until interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stage.serve()
    click.echo(f"\n{text}\n\nServing; Ctrl-C stops it.")
    try:
        if stage.server is not None:
            stage.server.wait()
    except KeyboardInterrupt:
        click.echo("\nStopping …")
    finally:
        stage.stop()
