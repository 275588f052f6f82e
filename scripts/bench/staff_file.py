"""A staff file from the command line to its receipts: python scripts/bench/staff_file.py [--rows 100000] [--write]

A registry as `zilu serve` runs it, a member whose budget allows it, and `zilu check --file` as a process of its own.
All that passes between them goes through a relay, which keeps it; then every number of the file is looked for in it.
Wanted: no row lost, no number on the wire, memory that does not grow with the file, and at 100,000 rows less than a
minute on two cores of one machine. `--write` puts the table into docs/benchmarks/staff-file.md.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry.client import sample
from registry.signing import keys
from scripts.bench.page import replace_figures
from scripts.bench.voprf_http import cpu_of, free_port, registry

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks/staff-file.md"
NUMBER = re.compile(rb"(?=([0-9]{17}[0-9Xx]))")  # overlapping ones too
CHUNK = 1 << 16


class Wire:
    """What passed, by connection and direction."""

    def __init__(self) -> None:
        self.streams: list[bytearray] = []

    def find(self, numbers: set[bytes]) -> set[bytes]:
        return {found[1] for stream in self.streams for found in NUMBER.finditer(stream)} & numbers

    @property
    def size(self) -> int:
        return sum(map(len, self.streams))


@contextmanager
def relay(listening: int, target: int) -> Iterator[Wire]:
    """Everything for port `listening` goes to `target` and back, and is kept."""
    wire, loop, ready = Wire(), asyncio.new_event_loop(), threading.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = bytearray()
        wire.streams.append(kept)
        while data := await reader.read(CHUNK):
            kept += data
            writer.write(data)
            await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(pass_on(reader, back), pass_on(there, writer))
        except OSError:
            writer.close()  # the registry has not started yet, or has gone

    async def serve() -> None:
        await asyncio.start_server(connect, "127.0.0.1", listening)
        ready.set()

    thread = threading.Thread(target=lambda: (loop.run_until_complete(serve()), loop.run_forever()), daemon=True)
    thread.start()
    ready.wait()
    yield wire
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def memory_of(pid: int) -> float:
    """MB that a process had at most."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) / 1024


def served(root: int) -> list[int]:
    """The process and all that it has started."""
    found = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, found.splitlines())}
    ours = {root}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sorted(ours)


def furnish(folder: Path, issuer: str, client_key: keys.PrivateKey) -> list[str]:
    """A member's folder; the command line in it."""
    folder.mkdir()
    keys.store(folder / "client.pem", client_key)
    (folder / "config.toml").write_text(
        f'[registry]\nissuer = "{issuer}"\n\n[client.birch-hr]\naccount = "birch-hr"\nclient_key = "client.pem"\n'
    )
    return [sys.executable, "-m", "registry", "--config", str(folder / "config.toml")]


def run(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and MB at most of one command, which must find nobody listed."""
    begin = time.monotonic()
    process = subprocess.Popen(command, cwd=folder)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"zilu check ended with {process.returncode}")
    return time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(rows: int, folder: Path) -> dict[str, str]:
    listening, target = free_port(), free_port()
    issuer = f"http://127.0.0.1:{listening}"
    content = sample.staff_file(rows, seed=1, malformed=0.0).content
    numbers = {found[1] for found in NUMBER.finditer(content)}
    with (
        relay(listening, target) as wire,
        registry(folder / "home", issuer=issuer, port=target) as (process, _, client),
    ):
        zilu = furnish(folder / "member", issuer, client.profile.client_key)
        (folder / "member/staff.csv").write_bytes(content)
        begin = sum(cpu_of(process.pid).values())
        wanted = ["check", "--file", "staff.csv", "--purpose", "present-staff", "--consent-reference", "HR-1"]
        seconds, cpu, most = run([*zilu, *wanted], folder / "member")
        spent = sum(cpu_of(process.pid).values()) - begin
        server = max(memory_of(pid) for pid in served(process.pid))
    with (folder / "member/staff.csv.results.csv").open(newline="", encoding="utf-8-sig") as file:
        kept = sum(1 for _ in csv.reader(file)) - 1
    if wire.size < 100 * rows:
        raise SystemExit("the relay has not seen the checks")
    return {
        "rows lost": f"{rows - kept:,}",
        "numbers on the wire": f"{len(wire.find(numbers)):,} of {len(numbers):,}, in {wire.size / 1e6:.1f} MB",
        "seconds": f"{seconds:.1f}",
        "CPU seconds, client": f"{cpu:.1f}",
        "CPU seconds, registry": f"{spent:.1f}",
        "memory of the client at most": f"{most:.0f} MB",
        "memory of the largest process of the registry": f"{server:.0f} MB",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.rows, Path(folder))
    lines = [f"| at {given.rows:,} rows | |", "|---|---|", *(f"| {name} | {value} |" for name, value in found.items())]
    print("\n".join(lines))
    if given.write:
        replace_figures(PAGE, "\n".join(lines))


if __name__ == "__main__":
    main()
