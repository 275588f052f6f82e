"""Figures of the absence tree, all from one run: python scripts/bench/absence.py [--entries 1000000] [--write]

A tree of that many entries and as many dummies, in memory as the registry has it. Proofs, changes and verifications
are measured in turn, each beside the floor: as many SHA-256 of 65 bytes as the tree is deep, 64. Times are CPU, so
that others on the machine do not count. `--write` puts the table into docs/benchmarks/absence.md.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry.log import absence
from registry.log.absence_tree import Tree
from scripts.bench.page import replace_figures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/benchmarks/absence.md"
ROUNDS, IN_ROUND = 20, 200
REFERENCE = "0" * 32


def cpu(work: Callable[[], object]) -> float:
    """Seconds for one of the `IN_ROUND` times that `work` does it."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / IN_ROUND


def leaves(count: int) -> list[tuple[int, bytes]]:
    return [(int.from_bytes(secrets.token_bytes(8), "big"), secrets.token_bytes(32)) for _ in range(count)]


def floor() -> None:
    for _ in range(IN_ROUND * absence.DEPTH):
        hashlib.sha256(b"\1" * 65).digest()


def measured(tree: Tree, listed: list[tuple[int, bytes]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ("floor", "prove", "verify", "list", "end", "roots")}
    for _ in range(ROUNDS):
        labels = [secrets.token_bytes(32) for _ in range(IN_ROUND)]
        paths, new = [absence.path(1, label) for label in labels], leaves(IN_ROUND)
        proofs, roots = [tree.prove(path).encode() for path in paths], tree.roots()
        times["floor"].append(cpu(floor))
        times["prove"].append(cpu(lambda p=paths: [tree.prove(path).encode() for path in p]))  # type: ignore[misc]
        times["verify"].append(
            cpu(
                lambda each=(proofs, labels), r=roots: [  # type: ignore[misc]
                    absence.verify(proof, roots=r, epoch=1, label=label, reference=None)
                    for proof, label in zip(*each, strict=True)
                ]
            )
        )
        times["list"].append(cpu(lambda n=new: [tree.put(path, c) for path, c in n]))  # type: ignore[misc]
        times["end"].append(cpu(lambda: [tree.drop(path) for path, _ in random.sample(listed, IN_ROUND)]))
        times["roots"].append(cpu(lambda: [tree.roots() for _ in range(IN_ROUND)]))
    return times


def sizes(tree: Tree, listed: list[tuple[int, bytes]]) -> list[str]:
    absent = sorted(len(tree.prove(random.getrandbits(64)).encode()) for _ in range(50_000))
    present = sorted(len(tree.prove(path).encode()) for path, _ in random.sample(listed, min(50_000, len(listed))))
    return [
        f"| {name}, bytes | {statistics.mean(of):.0f} | {of[len(of) * 99 // 100]} | {of[-1]} |"
        for name, of in (("proof of absence", absent), ("proof of presence", present))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    listed = leaves(2 * given.entries)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    tree = Tree.of(listed)
    built, grown = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    times = measured(tree, listed)
    floors = statistics.median(times["floor"])
    names = {"prove": "proof", "verify": "verification", "list": "entry more", "end": "entry less", "roots": "16 roots"}
    table = "\n".join(
        [
            "| of one | median, µs of CPU | slowest round, µs | against 64 SHA-256 |",
            "|---|---|---|---|",
            *(
                f"| {names.get(name, '64 SHA-256')} | {statistics.median(of) * 1e6:.0f} | {max(of) * 1e6:.0f} | "
                f"{statistics.median(of) / floors:.1f} |"
                for name, of in times.items()
            ),
            "",
            "| | mean | 99 of 100 | longest of 50,000 |",
            "|---|---|---|---|",
            *sizes(tree, listed),
            "",
            f"The whole tree: {built:.0f} s of CPU, at most {grown // 1024:,} MB more than its leaves took as a list.",
        ]
    )
    print(table)
    if given.write:
        replace_figures(PAGE, f"{given.entries:,} entries and as many dummies:\n\n{table}")


if __name__ == "__main__":
    main()
