"""A full private check beside private set intersection: python scripts/bench/psi.py [--entries 1000000] [--write]

The other side is the PyPI package `openmined.psi` (ECDH on P-256, C++), which `uv pip install --group psi` brings; no
part of the registry needs it. Both sides answer the same question in one process and one run, without a network:
which of these numbers are among the entries? Ours: blind, evaluate with proof, verify, unblind, look up by handle in
SQLite, answer. Theirs: the server's set-up over all entries, request, response, intersection. Bytes are those that
would be sent: JSON as in the API on our side, Protobuf on theirs. CPU is that of both parties. `--write` puts the
table into docs/benchmarks/psi.md.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import private_set_intersection.python as psi

from registry import base64url
from registry.identity import group, tags, voprf
from scripts.bench.page import replace_figures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/benchmarks/psi.md"
PEPPER = b"p" * 32
FALSE_POSITIVES = 1e-9  # for the whole request; ours has none
ANSWER = {"id": "0" * 32, "tag": "A" * 43, "outcome": "no-entry", "reference": None}


class Cost(NamedTuple):
    cpu: float
    wall: float
    sent: int


def measured(work: Callable[[], int]) -> Cost:
    """`work` returns the bytes that it would send."""
    cpu, wall = time.process_time(), time.perf_counter()
    sent = work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall, sent)


class Ours:
    """The registry with so many entries by handle; one of them is the first number's."""

    def __init__(self, entries: int, listed: bytes) -> None:
        self.keys = voprf.KeyPair.of(group.scalar_random())
        self.database = sqlite3.connect(":memory:")
        self.database.execute("CREATE TABLE entry (handle BLOB PRIMARY KEY) WITHOUT ROWID")
        self.database.executemany("INSERT INTO entry VALUES (?)", ((secrets.token_bytes(32),) for _ in range(entries)))
        tag = group.multiply(self.keys.private, voprf.hash_to_group(listed))
        self.database.execute("INSERT INTO entry VALUES (?)", (tags.handle(PEPPER, tag),))

    def check(self, numbers: Sequence[bytes]) -> int:
        sent = found = 0
        for start in range(0, len(numbers), 1000):
            some, hits = self._batch(numbers[start : start + 1000])
            sent, found = sent + some, found + hits
        assert found == 1
        return sent

    def _batch(self, numbers: Sequence[bytes]) -> tuple[int, int]:
        blinded = [voprf.blind(number) for number in numbers]
        evaluated = voprf.blind_evaluate_batch(self.keys, [one.element for one in blinded])
        found = tags.unblind_batch(self.keys.public, blinded, evaluated)
        hits = sum(self._is_listed(tags.handle(PEPPER, tag)) for tag in found)
        texts = [base64url.encode(tag) for tag in found]
        bodies: list[Any] = [
            {"key_id": "0" * 16, "elements": texts},
            {"key_id": "0" * 16, "elements": texts, "proof": "A" * 86, "ticket": "A" * 450},
            {"purpose": "hiring", "consent": {"kind": "declared", "reference": "file"}, "tags": texts},
            {"batch": "0" * 32, "checks": [{**ANSWER, "reference": "0" * 32} for _ in texts], "receipt": "A" * 1600},
        ]
        return sum(len(json.dumps(body)) for body in bodies), hits

    def _is_listed(self, handle: bytes) -> bool:
        return self.database.execute("SELECT 1 FROM entry WHERE handle = ?", (handle,)).fetchone() is not None


class Theirs:
    """The other protocol over the same number of entries."""

    def __init__(self, entries: int, listed: bytes) -> None:
        self.entries = [secrets.token_hex(9) for _ in range(entries)] + [listed.decode()]
        self.server = psi.server.CreateWithNewKey(True)
        self.set_up: Any = None

    def prepare(self, asked: int) -> int:
        self.set_up = self.server.CreateSetupMessage(FALSE_POSITIVES, asked, self.entries)
        return int(self.set_up.ByteSize())

    def check(self, numbers: Sequence[bytes]) -> int:
        client = psi.client.CreateWithNewKey(True)
        request = client.CreateRequest([number.decode() for number in numbers])
        response = self.server.ProcessRequest(request)
        assert len(client.GetIntersection(self.set_up, response)) == 1
        return int(request.ByteSize() + response.ByteSize())


def rows(entries: int, counts: Sequence[int]) -> list[str]:
    listed = b"CN-RIC:110105194912310021"
    ours, theirs = Ours(entries, listed), Theirs(entries, listed)
    set_up = measured(lambda: theirs.prepare(max(counts)))
    table = [
        "| numbers | | CPU | wall | bytes |",
        "|---|---|---|---|---|",
        f"| | their set-up, at every change of the list | {set_up.cpu:.1f} s | {set_up.wall:.1f} s | {set_up.sent:,} |",
    ]
    for count in counts:
        numbers = [listed, *(secrets.token_hex(9).encode() for _ in range(count - 1))]
        one, other = measured(lambda n=numbers: ours.check(n)), measured(lambda n=numbers: theirs.check(n))  # type: ignore[misc]
        whole = Cost(other.cpu + set_up.cpu, other.wall + set_up.wall, other.sent + set_up.sent)
        table += [_row(f"{count:,}", "ours", one), _row("", "theirs, set up", other), _row("", "theirs, in all", whole)]
        ratios = [whole.cpu / one.cpu, whole.wall / one.wall, whole.sent / one.sent]
        table.append("| | **ratio, theirs in all : ours** | " + " | ".join(f"{ratio:,.1f}" for ratio in ratios) + " |")
        later = [other.cpu / one.cpu, other.wall / one.wall, other.sent / one.sent]
        table.append("| | ratio, theirs set up : ours | " + " | ".join(f"{ratio:,.2f}" for ratio in later) + " |")
    return table


def _row(count: str, who: str, cost: Cost) -> str:
    return f"| {count} | {who} | {cost.cpu:.2f} s | {cost.wall:.2f} s | {cost.sent:,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--numbers", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    table = "\n".join(rows(given.entries, given.numbers))
    print(table)
    if given.write:
        replace_figures(PAGE, f"Against {given.entries:,} entries:\n\n{table}")


if __name__ == "__main__":
    main()
