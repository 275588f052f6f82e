"""Sixteen kinds of tampering, each at random places: all are caught, and what was touched is named."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.functional.tamper.behind import Copy
from tests.functional.tamper.trials import KINDS, Kind, Trial

TRIALS = int(os.environ.get("ZILU_TRIALS", "6"))  # of each kind; scripts/bench/tamper.py does sixty
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def caught(kind: Kind, copied: Callable[[], Copy], count: int) -> int:
    """In how many trials the audit named what was touched."""
    found = 0
    for number in range(count):
        expected, differences = kind(Trial(copied(), random.Random(f"{kind.__name__} {number}")))
        named = {difference.name for difference in differences}
        found += bool(named & expected if expected else named)
    return found


@each_kind
def test_it_is_caught(kind: Kind, copied: Callable[[], Copy]) -> None:
    assert caught(kind, copied, 1) == 1


@pytest.mark.long
@each_kind
def test_it_is_caught_every_time(kind: Kind, copied: Callable[[], Copy]) -> None:
    found = caught(kind, copied, TRIALS)
    print(f"\n| {kind.__name__.replace('_', ' ')} | {TRIALS} | {found} |")  # scripts/bench/tamper.py reads it
    assert found == TRIALS
