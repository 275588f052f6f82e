"""The demo's story, told once for all tests that look at what it leaves."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from registry.config import Settings, load


@dataclass(frozen=True)
class Told:
    """The folder of the demo and what was printed."""

    folder: Path
    output: str

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def settings(self) -> Settings:
        return load(self.config)

    @property
    def numbers(self) -> list[str]:
        """Every identity number of the story."""
        hires = (self.folder / "birch" / "hires.csv").read_text()
        return sorted({*re.findall(r"\b\d{17}[\dX]\b", self.output), *re.findall(r"\b\d{17}[\dX]\b", hires)})


def zilu(config: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "registry", "--config", str(config), *arguments]
    return subprocess.run(command, input=typed, text=True, capture_output=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """`zilu demo --no-serve`, as a newcomer runs it."""
    with TemporaryDirectory(prefix="zilu-") as place:  # short: a socket's path has 107 bytes
        folder = Path(place) / "demo"
        command = [sys.executable, "-m", "registry", "demo", "--no-serve", "--folder", str(folder), "--port", "8730"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        yield Told(folder, done.stdout)
