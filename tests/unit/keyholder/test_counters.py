"""Ceilings and draws on disk: whole or not at all, through restarts, threads and clocks that go wrong."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Conflict, Invalid, TooMany, Unavailable
from registry.identity.draw import Drawn
from registry.keyholder.counters import DAYS_KEPT, Counters

from .conftest import NOON

M1, M2 = b"\1" * 32, b"\2" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counters.db"


@pytest.fixture
def counters(path: Path) -> Iterator[Counters]:
    opened = Counters(path)
    yield opened
    opened.close()


def fits(counters: Counters, budgets: dict[str, int], units: int, now: datetime = NOON) -> bool:
    try:
        counters.spend(budgets, units=units, now=now)
    except TooMany:
        return False
    return True


def spent(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as database:
        rows = dict(database.execute("SELECT budget, sum(units) FROM spent GROUP BY budget"))
    database.close()
    return rows


def test_units_may_be_spent_up_to_the_ceiling_and_not_one_over(counters: Counters) -> None:
    assert fits(counters, {"a": 10}, 4)
    assert not fits(counters, {"a": 10}, 7)
    assert fits(counters, {"a": 10}, 6)
    assert not fits(counters, {"a": 10}, 1)


def test_what_does_not_fit_one_budget_is_taken_from_none(counters: Counters, path: Path) -> None:
    counters.spend({"a": 10, "all": 12}, units=10, now=NOON)
    assert not fits(counters, {"b": 10, "all": 12}, 3)
    assert spent(path) == {"a": 10, "all": 10}
    assert fits(counters, {"b": 10, "all": 12}, 2)


def test_a_refusal_says_how_long_until_the_next_day_in_utc(counters: Counters) -> None:
    for now, seconds in (
        (NOON, 43_200),
        (NOON.replace(hour=23, minute=59, second=59, microsecond=900_000), 1),
        (NOON.replace(hour=0), 86_400),
        (NOON.astimezone(timezone(timedelta(hours=8))).replace(hour=7), 3_600),
    ):
        with pytest.raises(TooMany) as caught:
            counters.spend({"a": 0}, units=1, now=now)
        assert caught.value.retry_after == seconds


def test_the_next_day_begins_anew(counters: Counters) -> None:
    assert fits(counters, {"a": 1}, 1, NOON.replace(hour=23, minute=59))
    assert not fits(counters, {"a": 1}, 1, NOON.replace(hour=23, minute=59))
    assert fits(counters, {"a": 1}, 1, NOON + timedelta(hours=12))


def test_a_clock_that_is_set_back_opens_no_spent_day_again(counters: Counters) -> None:
    assert fits(counters, {"a": 1}, 1)
    assert fits(counters, {"a": 1}, 1, NOON + timedelta(days=3))
    assert not fits(counters, {"a": 1}, 1)


def test_days_long_past_are_dropped(counters: Counters, path: Path) -> None:
    counters.spend({"old": 1}, units=1, now=NOON)
    counters.spend({"new": 1}, units=1, now=NOON + timedelta(days=DAYS_KEPT))
    assert spent(path) == {"old": 1, "new": 1}
    counters.spend({"newer": 1}, units=1, now=NOON + timedelta(days=DAYS_KEPT + 1))
    assert spent(path) == {"new": 1, "newer": 1}


def test_a_restart_remembers_what_was_spent(path: Path) -> None:
    for fit in (True, True, False):
        counters = Counters(path)
        assert fits(counters, {"a": 2}, 1) == fit
        counters.close()


def test_the_file_is_the_owners_alone_and_written_through(counters: Counters, path: Path) -> None:
    counters.spend({"a": 1}, units=1, now=NOON)
    files = list(path.parent.glob("counters.db*"))
    assert len(files) == 3  # the database, its journal and the journal's index
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    pragmas = ("journal_mode", "synchronous")
    assert [counters._database.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas] == ["wal", 2]


@pytest.mark.parametrize("connections", [1, 2])
def test_concurrent_spending_never_exceeds_the_ceiling(path: Path, connections: int) -> None:
    opened = [Counters(path) for _ in range(connections)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: fits(opened[number % connections], {"a": 20}, 3), range(40)))
    for counters in opened:
        counters.close()
    assert sum(results) == 6
    assert spent(path) == {"a": 18}


@settings(max_examples=20, deadline=None)
@given(asked=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8)), max_size=15))
def test_any_history_stays_under_both_ceilings_and_refuses_nothing_that_fits(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, int]]
) -> None:
    counters = Counters(tmp_path_factory.mktemp("history") / "counters.db")
    taken = {"a": 0, "b": 0, "c": 0}
    for member, units in asked:
        expected = taken[member] + units <= 10 and sum(taken.values()) + units <= 20
        assert fits(counters, {member: 10, "overall": 20}, units) == expected
        taken[member] += units * expected
    counters.close()


@pytest.mark.parametrize("message", [M1, M2])
def test_a_case_is_drawn_once_and_says_the_same_ever_after(path: Path, message: bytes) -> None:
    first = Drawn(b"v" * 32, b"p" * 64)
    signatures = iter((first, Drawn(b"w" * 32, b"q" * 64), Drawn(b"x" * 32, b"r" * 64)))
    for _ in range(3):
        counters = Counters(path)
        assert counters.draw_once("2026-17", message, lambda _: next(signatures)) == first
        counters.close()


def test_a_second_message_of_one_case_is_refused_for_ever(path: Path) -> None:
    drawn = Drawn(b"v" * 32, b"p" * 64)
    for message in (M1, M2, M1, M2):
        counters = Counters(path)
        if message == M1:
            assert counters.draw_once("2026-17", message, lambda _: drawn) == drawn
        else:
            with pytest.raises(Conflict) as caught:
                counters.draw_once("2026-17", message, lambda _: drawn)
            assert caught.value.field == "case"
        assert counters.draw_once("2026-18", M2, lambda _: drawn) == drawn
        counters.close()


def test_a_draw_that_failed_leaves_the_case_open(counters: Counters) -> None:
    def failing(message: bytes) -> Drawn:
        raise Invalid("no", field="message")

    with pytest.raises(Invalid):
        counters.draw_once("2026-17", M1, failing)
    drawn = Drawn(b"v" * 32, b"p" * 64)
    assert counters.draw_once("2026-17", M2, lambda _: drawn) == drawn


def test_counters_that_cannot_be_written_give_no_leave(counters: Counters) -> None:
    counters._database.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable):
        counters.spend({"a": 10}, units=1, now=NOON)


def test_closed_counters_give_no_leave(path: Path) -> None:
    counters = Counters(path)
    counters.close()
    with pytest.raises(Unavailable):
        counters.spend({"a": 10}, units=1, now=NOON)


def test_a_path_that_is_no_database_is_one_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, though long enough to be taken for one\n" * 20)
    for bad in (tmp_path, tmp_path / "text", tmp_path / "none" / "counters.db"):
        with pytest.raises(Invalid) as caught:
            Counters(bad)
        assert caught.value.field == "counters"


def test_the_day_of_the_counters_is_the_day_in_utc(counters: Counters, path: Path) -> None:
    china = timezone(timedelta(hours=8))
    counters.spend({"a": 9}, units=1, now=datetime(2026, 11, 24, 7, 59, tzinfo=china))
    with sqlite3.connect(path) as database:
        days = database.execute("SELECT day FROM spent").fetchall()
    database.close()
    assert days == [(str(NOON.astimezone(UTC).date()),)]
