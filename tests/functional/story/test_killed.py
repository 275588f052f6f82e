"""The registry is killed, all of its processes at once, at points of the story, and started again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from registry.cli.demo import people, story
from registry.cli.demo.plot import Story
from registry.cli.demo.stage import Stage, free_port, prepare
from registry.clock import system
from tests.functional.story.conftest import zilu

pytestmark = pytest.mark.long

KILLS = 5


@pytest.fixture
def stage() -> Iterator[Stage]:
    with TemporaryDirectory(prefix="zilu-") as place:
        folder = Path(place) / "demo"
        prepare(folder)
        begin = datetime.combine(system().date() - timedelta(days=80), datetime.min.time(), UTC)
        stage = Stage(folder, begin, quiet=True)
        yield stage
        stage.kill()


def begin(stage: Stage) -> people.Company:
    port = free_port(8760)
    company = people.found(stage, issuer=f"http://127.0.0.1:{port}", port=port)
    stage.serve()
    return company


def test_killed_before_every_chapter_the_story_still_ends_well(stage: Stage) -> None:
    """Whatever a chapter was told is done must be there for the next, or the next fails."""
    company = begin(stage)

    def kill_and_start() -> None:
        stage.kill()
        stage.serve()

    story.tell(stage, company, seed=7, between=kill_and_start)
    done = zilu(stage.config, "audit")
    assert done.returncode == 0, done.stdout


class Saboteur(threading.Thread):
    """Kills the registry after a random while and starts it again, five times or until told to stop."""

    def __init__(self, stage: Stage, seed: int) -> None:
        super().__init__(daemon=True)
        self._stage, self._random, self._enough = stage, Random(seed), threading.Event()
        self.kills = 0

    def run(self) -> None:
        while self.kills < KILLS and not self._enough.wait(self._random.uniform(0.5, 3.0)):
            self._stage.kill()
            self.kills += 1
            self._stage.serve()

    def stop(self) -> None:
        self._enough.set()
        self.join(120)


def test_killed_again_and_again_while_ten_thousand_are_checked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client repeats what may not have arrived; nobody is checked twice and no row is lost."""
    company = begin(stage)
    chapters = story.CHAPTERS
    hires = next(at for at, chapter in enumerate(chapters) if chapter[2] == "10,000 hires")
    saboteurs: list[Saboteur] = []

    def sabotaged(told: Story) -> None:
        saboteur = Saboteur(stage, seed=11)
        saboteurs.append(saboteur)
        saboteur.start()
        try:
            chapters[hires][3](told)
        finally:
            saboteur.stop()

    day, hour, title, _ = chapters[hires]
    monkeypatch.setattr(story, "CHAPTERS", (*chapters[:hires], (day, hour, title, sabotaged), *chapters[hires + 1 :]))
    story.tell(stage, company, seed=7)
    assert saboteurs[0].kills >= 1
    done = zilu(stage.config, "audit")
    assert done.returncode == 0, done.stdout
