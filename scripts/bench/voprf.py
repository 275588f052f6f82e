"""How fast the key holder evaluates, against raw libsodium on the same core in the same run.

python scripts/bench/voprf.py [ROUNDS]     prints the ratios and writes docs/benchmarks/voprf.md

Each round times an operation between two raw loops, by CPU time, and takes its ratio to their mean, so that other work
on the machine falls on all alike; the median of the rounds counts. A VOPRF batch costs two products and one sum an
item, so that 0.43 is the most that libsodium allows; a table that says more was made on a machine that was too busy.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry.identity import sodium, voprf
from registry.identity.voprf import KeyPair

TABLE = Path(__file__).resolve().parents[2] / "docs/benchmarks/voprf.md"
BATCHES = (1, 10, 100, 1000)
WANTED = {100: 0.40}

HEAD = """\
# VOPRF

Raw libsodium scalar multiplications in the time of one item; more is better, 0.43 is the most that is possible.
Made by `python scripts/bench/voprf.py`.

| batch | ratio | wanted |
|---|---|---|
"""


def measure(rounds: int) -> dict[int, float]:
    """Ratio by batch size."""
    pair = KeyPair.of(b"\5" + bytes(31))
    elements = [voprf.blind(b"%d" % number).element for number in range(max(BATCHES))]
    ratios: dict[int, list[float]] = {size: [] for size in BATCHES}
    for _ in range(rounds):
        for size in BATCHES:
            repeats = max(1, 200 // size)
            before = _raw(pair, elements)
            once = _timed(_evaluating(pair, elements[:size], repeats)) / (repeats * size)
            ratios[size].append((before + _raw(pair, elements)) / 2 / once)
    return {size: statistics.median(found) for size, found in ratios.items()}


def _raw(pair: KeyPair, elements: list[bytes]) -> float:
    """CPU seconds of one scalar multiplication."""
    some = elements[:200]
    return _timed(lambda: [sodium.scalarmult(pair.private, element) for element in some]) / len(some)


def _evaluating(pair: KeyPair, elements: list[bytes], repeats: int) -> Callable[[], object]:
    return lambda: [voprf.blind_evaluate_batch(pair, elements) for _ in range(repeats)]


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    ratios = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
    rows = [f"| {size} | {ratio:.2f} | {WANTED.get(size, '')} |" for size, ratio in ratios.items()]
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(HEAD + "\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
