"""What a check costs among 10^4, 10^5 and 10^6 entries: python scripts/bench/lookups.py [--entries …] [--write]

On SQLite and on PostgreSQL, a database for each size, measured in turn in every round. A check is everything that
`POST /api/v1/checks` does once it has the tags: handles, look-up, seals, rows, act, commit; a thousand in a batch. Work
is CPU time of this process and, on PostgreSQL, of the server's process behind the connection. `--entries 10000000` adds
10^7. `--write` puts the table into docs/benchmarks/lookups.md.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from registry import base64url, revisions
from registry.access import Actor
from registry.checks.actions import admit, ask
from registry.checks.rules import Question, read_question
from registry.db import Session, Store
from registry.entries.queries import visible
from registry.identity import group
from registry.keyholder.answers import Ceilings
from registry.keys.holder import Holder
from registry.members.models import Member
from scripts.bench.page import replace_figures
from tests.cast import gather
from tests.conftest import KEYRING, START, key_holder
from tests.listing import CONSENT
from tests.postgres import server_running

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks/lookups.md"
BATCH, ROUNDS = 1_000, 7
WANTED = 1.2
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Register:
    """A database with so many listed entries."""

    store: Store
    entries: int
    hana: Actor
    holder: Holder
    asked: list[float] = field(default_factory=list)  # seconds of a batch
    found: list[float] = field(default_factory=list)  # seconds of its look-up alone

    @classmethod
    def made(cls, url: str, entries: int, holder: Holder) -> Register:
        store = Store(url, KEYRING)
        revisions.upgrade(store.engine)
        with store.write() as session:
            hana = gather(session, START)["hana"].actor
        with store.engine.begin() as connection:
            connection.execute(sa.update(Member).values(headcount=10**9))
        fill(store, entries)
        return cls(store, entries, hana, holder)

    def round(self) -> None:
        """A batch about a thousand people whom nobody has asked about yet."""
        question, ticket = self._question()
        with self.store.write() as session, Work(session, self.asked):
            ask(session, actor=self.hana, question=question, ticket=ticket, holder=self.holder, now=START)
            session.commit()
        handles = [secrets.token_bytes(32) for _ in range(BATCH)]
        with self.store.read() as session:
            session.connection()
            with Work(session, self.found):
                assert visible(session, handles, START) == {}

    def _question(self) -> tuple[Question, str]:
        elements = [group.multiply_base(group.scalar_random()) for _ in range(BATCH)]
        evaluation = self.holder.evaluate(member="birch", account=self.hana.id, elements=elements)
        with self.store.write() as session:
            admit(session, actor=self.hana, evaluation=evaluation, keys=self.holder.public(), now=START)
        texts = [base64url.encode(element) for element in elements]
        return read_question(purpose="hiring", consent=CONSENT, tags=texts), evaluation.ticket


class Work:
    """Adds the CPU seconds of what is done within to a list: ours, and of the server's process."""

    def __init__(self, session: Session, times: list[float]) -> None:
        self._times = times
        driver = session.connection().connection.driver_connection
        self._server = driver.info.backend_pid if isinstance(driver, psycopg.Connection) else None

    def __enter__(self) -> None:
        self._begin = self._cpu()

    def __exit__(self, *_error: object) -> None:
        self._times.append(self._cpu() - self._begin)

    def _cpu(self) -> float:
        return time.process_time() + (_cpu_of(self._server) if self._server else 0.0)


def _cpu_of(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / TICK


NAMES = (
    "id", "case_id", "report_id", "member_id", "state", "handle", "sealed_tag", "offence", "level", "basis",
    "disputed", "unheard", "listed_at",
)  # fmt: skip


def rows(entries: int) -> Iterator[tuple[object, ...]]:
    """Entries alone, without the cases and reports behind them: a look-up reads nothing else."""
    for number in range(entries):
        id = f"{number:032x}"
        handle = secrets.token_bytes(32)
        yield id, id, id, "acme", "listed", handle, bytes(80), "sale", 2, "B", False, False, "2026-03-01 09:00:00"


def fill(store: Store, entries: int) -> None:
    names = ", ".join(NAMES)
    if store.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(store.engine.url.database))) as database, database:
            marks = ", ".join("?" * len(NAMES))
            database.executemany(f"INSERT INTO entry ({names}) VALUES ({marks})", rows(entries))  # noqa: S608 - ours
        return
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no foreign keys
        with connection.cursor().copy(f"COPY entry ({names}) FROM STDIN") as copy:
            for row in rows(entries):
                copy.write_row(row)
        connection.execute("ANALYZE")


def measured(stack: ExitStack, store: str, sizes: Sequence[int], rounds: int) -> list[Register]:
    """A register of each size on this kind of database, after all rounds."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    holder = Holder(stack.enter_context(key_holder(Ceilings(10**9, 10**9, 10**9))))
    urls = [f"sqlite:///{folder}/{size}.db" for size in sizes]
    if store == "PostgreSQL":
        socket = stack.enter_context(server_running())
        urls = [f"postgresql+psycopg://postgres@/{_created(socket, f'bench_{size}')}?host={socket}" for size in sizes]
    registers = [Register.made(url, size, holder) for url, size in zip(urls, sizes, strict=True)]
    for _ in range(rounds):
        for register in registers:
            register.round()
    for register in registers:
        register.store.engine.dispose()
    return registers


def _created(socket: Path, name: str) -> str:
    with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return name


def table(store: str, registers: Sequence[Register]) -> list[str]:
    first = registers[0]
    lines = []
    for each in registers:
        whole, found = (statistics.median(times) / BATCH * 1e6 for times in (each.asked, each.found))
        ratio = statistics.median(each.asked) / statistics.median(first.asked)
        verdict = "" if ratio <= WANTED else f"missed: {ratio / WANTED:.2f} times"
        lines.append(f"| {store} | {each.entries:,} | {found:.1f} | {whole:.0f} | {ratio:.2f} | {verdict} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = ["| | entries | look-up, µs | whole check, µs | against the fewest | |", "|---|---|---|---|---|---|"]
    for store in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            lines += table(store, measured(stack, store, given.entries, given.rounds))
    print("\n".join(lines))
    if given.write:
        replace_figures(PAGE, "\n".join(lines))


if __name__ == "__main__":
    main()
