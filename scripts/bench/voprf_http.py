"""How fast a running registry evaluates, against raw libsodium: python scripts/bench/voprf_http.py [--write]

A registry as `zilu serve` runs it: web processes, key holder, worker, SQLite with `synchronous=FULL`. Each request
has a token, is charged to account, unit and member, counted by the key holder, proven, ticketed and logged. The ratio
is raw scalar multiplications in the time of one item, by CPU time of all of the registry's processes, so that it says
what two cores do whether or not others use them; every round stands between two raw loops. `--write` puts the table
into docs/benchmarks/voprf-http.md.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry import base64url
from registry.accounts.actions import actor_of, enrol_client, open_account
from registry.accounts.rules import Role, Scope
from registry.cli.init import establish, write_settings
from registry.client.api import Profile, Registry
from registry.config import Settings, load
from registry.errors import Unavailable
from registry.identity import sodium, voprf
from registry.members.actions import admit
from registry.members.models import Kind
from registry.running import start
from registry.signing import keys

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks/voprf-http.md"
REQUESTS = {100: 20, 1_000: 4}  # in a round, by batch
ROUNDS, WANTED = 7, 0.36
TICK = os.sysconf("SC_CLK_TCK")
PATH = "/api/v1/identity/evaluations"


@contextmanager
def registry(folder: Path) -> Iterator[tuple[int, Registry]]:
    """A running registry's process, and the program of a member with as many people as it takes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    issuer, most = f"http://127.0.0.1:{port}", 10**9
    config = write_settings(folder, issuer=issuer, name="Bench", port=port, member_ceiling=most, overall_ceiling=most)
    settings = load(config)
    establish(settings, operator="olaf", password=secrets.token_urlsafe(16))
    profile = member(settings, issuer)
    command = [sys.executable, "-m", "registry", "--config", str(config), "serve", "--quiet"]
    with subprocess.Popen(command) as process:
        try:
            yield process.pid, signed_in(profile)
        finally:
            process.terminate()


def member(settings: Settings, issuer: str) -> Profile:
    run, key = start(settings), keys.generate()
    with run.store.write() as session:
        now = run.clock()
        admit(session, id="birch", name="Birch", kind=Kind.CARRIER, headcount=10**8, actor="olaf", now=now)
        olaf = actor_of(session, "olaf")
        opened = partial(open_account, session, member_id="birch", name="Hana", now=now)
        opened(id="birch-admin", roles=[Role.MEMBER_ADMIN], actor=olaf)
        admin = actor_of(session, "birch-admin")
        opened(id="birch-hr", roles=[Role.CHECKER], actor=admin)
        jwk = keys.to_jwk(key.public_key())
        enrol_client(session, account_id="birch-hr", jwk=jwk, scopes=[Scope.CHECK], actor=admin, now=now)
    run.store.engine.dispose()
    return Profile(issuer, "birch-hr", key)


def signed_in(profile: Profile) -> Registry:
    client = Registry(profile, scope="check")
    for _ in range(300):
        try:
            client.pin()
            return client
        except Unavailable:
            time.sleep(0.2)
    raise SystemExit("the registry did not start")


def measure(process: int, client: Registry) -> dict[int, float]:
    """Ratio by batch."""
    texts = [base64url.encode(voprf.blind(b"%d" % number).element) for number in range(max(REQUESTS))]
    raw = [base64url.decode(text, field="elements") for text in texts[:400]]
    ratios: dict[int, list[float]] = {size: [] for size in REQUESTS}
    for _ in range(ROUNDS):
        for size, count in REQUESTS.items():
            before, begin = floor(raw), cpu_of(process)
            for _ in range(count):
                client.post(PATH, {"key_id": client.pins.key_id, "elements": texts[:size]})
            spent = (cpu_of(process) - begin) / (size * count)
            ratios[size].append((before + floor(raw)) / 2 / spent)
    return {size: statistics.median(found) for size, found in ratios.items()}


def floor(elements: list[bytes]) -> float:
    """CPU seconds of one scalar multiplication."""
    begin = time.process_time()
    for element in elements:
        sodium.scalarmult(b"\5" + bytes(31), element)
    return (time.process_time() - begin) / len(elements)


def cpu_of(root: int) -> float:
    """CPU seconds of a process and all that it has started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(path.parent.name)] = (int(parts[1]), (int(parts[11]) + int(parts[12])) / TICK)
    ours = {root}
    while more := {pid for pid, (parent, _) in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(seconds for pid, (_, seconds) in parents.items() if pid in ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, registry(Path(folder) / "home") as (process, client):
        ratios = measure(process, client)
        client.close()
    lines = ["| batch | ratio | wanted | |", "|---|---|---|---|"]
    for size, ratio in ratios.items():
        verdict = "" if ratio >= WANTED else f"missed: {ratio / WANTED:.2f} of it"
        lines.append(f"| {size:,} | {ratio:.2f} | {WANTED} | {verdict} |")
    print("\n".join(lines))
    if given.write:
        head, mark, _ = PAGE.read_text().partition("<!-- measured -->\n")
        PAGE.write_text(f"{head}{mark}\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
