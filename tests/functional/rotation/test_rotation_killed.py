"""A rotation that is killed at any of its acts is run again, and nobody notices."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from registry.checks.models import Check
from registry.cli import main
from registry.client.api import Registry
from registry.db import Store
from registry.keys.models import Moved, Renamed, Rotation
from registry.log import actions as log
from registry.running import Running
from tests.app_fixture import SECRETS, settings
from tests.attested import unattested
from tests.functional.rotation.conftest import ABSENT, LATER, LISTED, House
from tests.functional.rotation.test_rotation import GRACE, answers

ROTATE = ["keys", "rotate-identity", "--as", "olaf"]
VERIFY = ["keys", "verify-rotation", "--as", "inspector"]


class Killed(BaseException):
    """Nothing in the program catches it."""


class Killer:
    """Ends the program at its n-th act, before that is committed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
        self.left = nth
        for module in ("actions", "moving", "verification"):
            monkeypatch.setattr(f"registry.rotation.{module}.record", self)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise Killed
        return log.record(*arguments, **keywords)


@pytest.fixture
def commands(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command of the operator's or the regulator's in front of this house."""
    running = Running(settings(), SECRETS, house.store, house.clock, house.holder)
    monkeypatch.setattr("registry.cli.keys.start", lambda _: running)
    monkeypatch.setattr("registry.cli.context.Context.settings", running.settings)

    def run(command: list[str]) -> str:
        try:
            return CliRunner().invoke(main, ["--config", str(tmp_path / "none.toml"), *command]).output
        except Killed:
            return "killed"
        finally:
            house.publish()

    return run


def finished(house: House, commands: Any) -> bool:
    """Whether a round of both commands, two days apart, settles it."""
    for command in (ROTATE, VERIFY, ROTATE, ROTATE):
        if "keyholder retire" in commands(command):
            return True
        house.clock.move(GRACE)
    return False


def left(store: Store) -> int:
    with store.read() as session:
        return sum(session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in (Moved, Renamed))


def test_a_whole_rotation_by_command(house: House, hana: Registry, commands: Any) -> None:
    assert answers(hana, LISTED, ABSENT, key="before") == [True, False]
    assert "verify-rotation" in commands(ROTATE)
    assert "3 tags were moved" in commands(VERIFY)
    assert "Clients use" in commands(ROTATE)
    assert answers(hana, LISTED, ABSENT, key="after") == [True, False]
    house.clock.move(GRACE)
    assert "keyholder retire" in commands(ROTATE)
    assert answers(hana, LISTED, ABSENT, key="settled") == [True, False]
    assert "retire it before the next rotation" in commands(ROTATE)


@pytest.mark.parametrize("nth", range(1, 10))
def test_killed_at_any_act_and_run_again(
    house: House, hana: Registry, commands: Any, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    answers(hana, LISTED, LATER, key="before")
    killer = Killer(monkeypatch, nth)
    rounds = 0
    while not finished(house, commands):
        rounds += 1
        house.clock.move(timedelta(minutes=1))
        assert rounds < 3
    assert killer.left <= 0, "it was killed"
    assert left(house.store) == 0
    assert unattested(house.store) == set()
    assert answers(hana, LISTED, LATER, ABSENT, key="after") == [True, False, False]
    with house.store.read() as session:
        assert session.scalars(sa.select(Rotation.settled_at)).one() is not None
        assert len(set(session.scalars(sa.select(Check.handle)))) == 3
