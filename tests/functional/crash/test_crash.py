"""Killed at any point, the sequencer never signs two trees of one size that anybody could see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry.log.checkpoint import open_checkpoint
from tests.functional.crash.killing import LOG, ORIGIN


def kill(folder: Path, *, seed: int = 0, trials: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.functional.crash.killing", str(folder), str(seed), str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def verify_one_history(notes: list[str]) -> None:
    roots: dict[int, bytes] = {}
    for note in notes:
        head = open_checkpoint(note, log=LOG, origin=ORIGIN).checkpoint
        assert roots.setdefault(head.size, head.root) == head.root
    assert list(roots) == sorted(roots)


def test_killed_at_random_points_it_tells_one_history(tmp_path: Path) -> None:
    told = kill(tmp_path, seed=7, trials=4)
    assert told["killed"] >= 1
    verify_one_history(told["notes"])


@pytest.mark.long
def test_killed_at_every_point_it_goes_on_where_it_stood(tmp_path: Path) -> None:
    told = kill(tmp_path)
    assert told["killed"] == told["trials"] - 1 > 10  # the last came to its end
    verify_one_history(told["notes"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_it_tells_one_history(seed: int, tmp_path: Path) -> None:
    told = kill(tmp_path, seed=seed, trials=20)
    assert told["killed"] > 5
    verify_one_history(told["notes"])
