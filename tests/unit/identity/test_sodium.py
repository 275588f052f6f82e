"""The binding: lengths are checked before libsodium reads, and the bundled library serves where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import registry
from registry.identity import sodium

GOOD = sodium.scalar_reduce(b"\x05" + bytes(63))

# Loads with no system library to be found, computes 5·B, and says what stayed behind in the temporary folder.
WITHOUT_SYSTEM_LIBRARY = """
import ctypes.util, os, sys
ctypes.util.find_library = lambda name: None
from registry.identity import group
print(group.multiply_base(bytes([5]) + bytes(31)).hex(), "rbcl._sodium" in sys.modules, os.listdir(sys.argv[1]))
"""


@pytest.mark.parametrize("size", [0, 31, 33, 63, 65])
def test_a_wrong_length_never_reaches_libsodium(size: int) -> None:
    bad = bytes(size)
    calls: list[Callable[[], object]] = [
        lambda: sodium.scalarmult(bad, GOOD),
        lambda: sodium.scalarmult(GOOD, bad),
        lambda: sodium.scalarmult_base(bad),
        lambda: sodium.add(bad, GOOD),
        lambda: sodium.add(GOOD, bad),
        lambda: sodium.from_hash(bad),
        lambda: sodium.is_valid_point(bad),
        lambda: sodium.scalar_reduce(bad),
        lambda: sodium.scalar_invert(bad),
        lambda: sodium.scalar_mul(bad, GOOD),
        lambda: sodium.scalar_mul(GOOD, bad),
        lambda: sodium.scalar_sub(bad, GOOD),
        lambda: sodium.scalar_sub(GOOD, bad),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="libsodium needs"):
            call()


def test_every_call_has_an_output_of_its_own() -> None:
    first = sodium.scalarmult_base(GOOD)
    kept = bytes(first or b"")
    sodium.scalarmult_base(sodium.scalar_random())
    assert first == kept


def test_without_a_system_library_the_bundled_one_computes_the_same_and_leaves_no_file(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(registry.__file__).parents[1])}
    command = [sys.executable, "-W", "error", "-c", WITHOUT_SYSTEM_LIBRARY, str(tmp_path)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    product = sodium.scalarmult_base(GOOD)
    assert product is not None
    assert finished.stderr == ""
    assert finished.stdout.split(maxsplit=1) == [product.hex(), "True []\n"]
