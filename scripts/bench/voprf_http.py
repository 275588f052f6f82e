"""How fast a running registry evaluates, against raw libsodium: python scripts/bench/voprf_http.py [--write]

A registry as `zilu serve` runs it: web processes, key holder, worker, SQLite with `synchronous=FULL`. Two requests are
under way at any time, one for each core. Each has a token, is charged to account, unit and member, counted by the key
holder, proven, ticketed and logged; at the end the budgets must show every element. The ratio is raw scalar
multiplications in the time of one item, by CPU time of all of the registry's processes, so that it says what two cores
do whether or not others use them; every round stands between two raw loops. No round begins after --seconds, so that
it ends within four minutes. `--batch 100 --rounds 2` tries it. `--write` puts the table into
docs/benchmarks/voprf-http.md.
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
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry import base64url
from registry.accounts.actions import actor_of, enrol_client, open_account
from registry.accounts.rules import Role, Scope
from registry.checks.models import Allowance
from registry.cli.init import establish, write_settings
from registry.client.api import Profile, Registry
from registry.client.pins import Untrusted
from registry.config import Settings, load
from registry.errors import Unavailable
from registry.identity import sodium, voprf
from registry.members.actions import admit
from registry.members.models import Kind
from registry.running import start
from registry.signing import keys
from scripts.bench.page import replace_figures

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks/voprf-http.md"
ELEMENTS, AT_ONCE = 4_000, 2  # in a round of one batch size; requests under way
ROUNDS, WANTED = 7, 0.36
PATIENCE = 90.0  # seconds for the registry to start, or to stop
TICK = os.sysconf("SC_CLK_TCK")
PATH = "/api/v1/identity/evaluations"
PARTS = ("granian", "keyholder", "worker")  # the first is told "--workers" as well

Spent = Mapping[str, float]  # CPU seconds by part


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def registry(
    folder: Path, *, port: int, issuer: str | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Settings, Registry]]:
    """A running registry, and the program of a member with as many people as it takes.

    `issuer` is the address that clients use, where it is not the registry's own port.
    """
    issuer, most = issuer or f"http://127.0.0.1:{port}", 10**9
    config = write_settings(folder, issuer=issuer, name="Bench", port=port, member_ceiling=most, overall_ceiling=most)
    settings = load(config)
    establish(settings, operator="olaf", password=secrets.token_urlsafe(16))
    client = Registry(member(settings, issuer), scope="check", sleep=lambda _: time.sleep(0.1))
    process = subprocess.Popen([sys.executable, "-m", "registry", "--config", str(config), "serve", "--quiet"])
    try:
        pin(client, process)
        yield process, settings, client
    finally:
        client.close()
        stop(process)


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


def pin(client: Registry, process: subprocess.Popen[bytes]) -> None:
    """Once it answers and its keys stand in its log, which takes it a moment more."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            client.pin()
            return
        except (Unavailable, Untrusted) as error:
            said = error.message
            time.sleep(0.2)
    raise SystemExit(f"the registry did not start: {said if process.poll() is None else 'it ended by itself'}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()  # its children are killed with it
        process.wait()


def measure(
    process: int, client: Registry, *, batches: Sequence[int], rounds: int, seconds: float
) -> tuple[dict[int, list[float]], dict[int, list[Spent]], int]:
    """Ratios and CPU seconds of one item by batch size, and how many elements were evaluated."""
    texts = [base64url.encode(voprf.blind(b"%d" % number).element) for number in range(max(batches))]
    raw = [base64url.decode(text, field="elements") for text in texts[:400]]
    ratios: dict[int, list[float]] = defaultdict(list)
    parts: dict[int, list[Spent]] = defaultdict(list)
    end = time.monotonic() + seconds
    done = sum(warm(client, texts[:size]) for size in batches)
    for _ in range(rounds):
        for size in batches:
            if time.monotonic() > end:
                return ratios, parts, done
            before, begin = floor(raw), cpu_of(process)
            done += evaluate(client, texts[:size], max(ELEMENTS // size, AT_ONCE))
            items = max(ELEMENTS // size, AT_ONCE) * size
            spent = {part: (after - begin.get(part, 0.0)) / items for part, after in cpu_of(process).items()}
            parts[size].append(spent)
            ratios[size].append((before + floor(raw)) / 2 / sum(spent.values()))
    return ratios, parts, done


def warm(client: Registry, texts: Sequence[str]) -> int:
    """Both web processes have answered once or more, and the proof of one answer holds."""
    done = evaluate(client, texts, 8)
    answer = client.post(PATH, {"key_id": client.pins.key_id, "elements": list(texts)})
    sent, got = ([base64url.decode(text, field="elements") for text in part] for part in (texts, answer["elements"]))
    voprf.verify_proof(client.pins.public_key, sent, got, base64url.decode(answer["proof"], field="proof"))
    return done + len(texts)


def evaluate(client: Registry, texts: Sequence[str], count: int) -> int:
    """So many requests, `AT_ONCE` at a time; returns how many elements they had."""
    body = {"key_id": client.pins.key_id, "elements": list(texts)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda _: client.post(PATH, body), range(count))
        return sum(len(answer["elements"]) for answer in answers)


def floor(elements: Sequence[bytes]) -> float:
    """CPU seconds of one scalar multiplication."""
    begin = time.process_time()
    for element in elements:
        sodium.scalarmult(b"\5" + bytes(31), element)
    return (time.process_time() - begin) / len(elements)


def cpu_of(root: int) -> Spent:
    """CPU seconds by part of a process and all that it has started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
            said = (path.parent / "cmdline").read_text()
        except OSError:
            continue  # it has just ended
        part = next((name for name in PARTS if name in said), "serve")
        parents[int(path.parent.name)] = (int(parts[1]), part, (int(parts[11]) + int(parts[12])) / TICK)
    ours, spent = {root}, defaultdict[str, float](float)
    while more := {pid for pid, (parent, _, _) in parents.items() if parent in ours} - ours:
        ours |= more
    for pid, (_, part, seconds) in parents.items():
        if pid in ours:
            spent[part] += seconds
    return spent


def verify_charged(settings: Settings, done: int) -> None:
    """Every element stands in the budgets of account, unit and member."""
    run = start(settings)
    with run.store.read() as session:
        used = dict(
            session.execute(sa.select(Allowance.scope, sa.func.sum(Allowance.used)).group_by(Allowance.scope)).all()
        )
    run.store.engine.dispose()
    if len(used) != 3 or set(used.values()) != {done}:
        raise SystemExit(f"{done:,} elements were evaluated, and the budgets say otherwise")


def table(ratios: Mapping[int, Sequence[float]], parts: Mapping[int, Sequence[Spent]]) -> list[str]:
    lines = [
        "| batch | ratio | wanted | rounds | µs of CPU an item: key holder | web | worker | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for size, found in ratios.items():
        ratio = statistics.median(found)
        each = [
            statistics.median(one.get(part, 0.0) for one in parts[size]) * 1e6
            for part in ("keyholder", "granian", "worker")
        ]
        verdict = "" if ratio >= WANTED else f"missed: {ratio / WANTED:.2f} of it"
        shown = " | ".join(f"{microseconds:.0f}" for microseconds in each)
        lines.append(f"| {size:,} | {ratio:.2f} | {WANTED} | {len(found)} | {shown} | {verdict} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[100, 1_000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=120, help="after which no round begins")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        registry(Path(folder) / "home", port=free_port()) as (process, settings, client),
    ):
        ratios, parts, done = measure(
            process.pid, client, batches=given.batch, rounds=given.rounds, seconds=given.seconds
        )
        verify_charged(settings, done)
    lines = table(ratios, parts)
    print("\n".join(lines))
    if given.write:
        replace_figures(PAGE, "\n".join(lines))


if __name__ == "__main__":
    main()
