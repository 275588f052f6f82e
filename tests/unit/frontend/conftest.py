"""The browser's code, built once, and a node that runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
DRIVER = Path(__file__).with_name("driver.mjs")

Node = Callable[..., Any]


@pytest.fixture(scope="session")
def node_path() -> str:
    """Build the bundle if it is not up to date; the node that built it."""
    command = ["bash", str(ROOT / "scripts" / "build_frontend.sh"), "--node"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def bundle(node_path: str) -> Path:
    return ROOT / "registry" / "web" / "static" / "bundle"


@pytest.fixture(scope="session")
def node(node_path: str) -> Iterator[Node]:
    """`node("parse", texts=[…])`: one call of the driver."""
    with subprocess.Popen(
        [node_path, str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def call(name: str, **arguments: Any) -> Any:
            stdin.write(json.dumps({"call": name, **arguments}) + "\n")
            stdin.flush()
            return json.loads(stdout.readline())

        yield call
        stdin.close()
