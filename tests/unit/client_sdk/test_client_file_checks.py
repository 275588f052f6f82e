from __future__ import annotations

import csv
import dataclasses
import threading
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from registry.checks.models import Batch, Check
from registry.client import receipts
from registry.client.api import Registry
from registry.client.checking import Terms
from registry.client.file_checks import KEY_LIFE, Summary, check_file
from registry.client.results_file import Status
from registry.client.sample import staff_file
from registry.db import Store
from registry.errors import Conflict, TooMany, Unavailable
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.policy import DAY
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import Answering, Connect, Line
from tests.listing import list_person

TERMS = Terms.declared(purpose="hiring", reference="HR-2026-03/17")
ROWS = 14


@pytest.fixture(autouse=True)
def _budgets_follow_the_headcount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_DAY_AT_LEAST", 0)


class Killed(BaseException):
    """The program is gone: nothing more of it is sent or heard."""


class Office:
    """A member's folder with a staff file, and its program."""

    def __init__(self, folder: Path, registry: Registry, store: Store) -> None:
        self.path, self.results, self.receipts = folder / "staff.csv", folder / "results.csv", folder / "receipts"
        self.registry, self.store = registry, store
        self.file = staff_file(ROWS, seed=3, malformed=0.25)
        self.path.write_bytes(self.file.content)
        self.people = sorted(truth.row for truth in self.file.truth if truth.number and not truth.duplicate_of)
        self.seen: list[tuple[int, int]] = []
        self.batches_of(4)

    def batches_of(self, size: int) -> None:
        self.registry._pins = dataclasses.replace(self.registry.pins, batch=size)

    def number(self, row: int) -> str:
        return next(str(truth.number) for truth in self.file.truth if truth.row == row)

    def run(self, **changes: object) -> Summary:
        how = {"results": self.results, "receipts_folder": self.receipts, "terms": TERMS} | changes
        return check_file(self.registry, self.path, on_progress=lambda *at: self.seen.append(at), **how)  # type: ignore[arg-type]

    def rows(self) -> list[dict[str, str]]:
        with self.results.open(newline="") as stream:
            return list(csv.DictReader(stream))

    def asked(self) -> int:
        """How many checks the registry has counted."""
        with self.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Check)) or 0

    def require_whole(self) -> None:
        """Each row has one result, each person was checked once, and every receipt holds."""
        assert [int(row["row"]) for row in self.rows()] == [truth.row for truth in self.file.truth]
        checks = [row["check_id"] for row in self.rows() if row["check_id"]]
        assert len(set(checks)) == len(checks) == len(self.people) == self.asked()
        kept = [receipts.load(path) for path in self.receipts.glob("*.json")]
        receipted = [answer["id"] for receipt in kept for answer in receipt["answers"]]
        assert sorted(receipted) == sorted(checks)
        assert {receipts.verify(receipt, self.registry.pins).proven for receipt in kept} == {False}


@pytest.fixture
def office(tmp_path: Path, hana: Registry, store: Store) -> Office:
    return Office(tmp_path, hana, store)


def test_every_row_is_checked_hit_rejected_or_a_duplicate(
    office: Office, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    row = office.people[2]
    list_person(store, holder, cast, parse(office.number(row)), clock())
    summary = office.run()
    (hit,) = [line for line in office.rows() if line["status"] == "hit"]
    assert summary.hits == ((row, hit["check_id"]),)
    rejected = [truth.row for truth in office.file.truth if truth.code]
    assert [int(line["row"]) for line in office.rows() if line["status"] == "rejected"] == rejected
    assert sum(summary.counts.values()) == ROWS
    assert summary.counts[Status.CHECKED] == len(office.people) - 1
    office.require_whole()


def test_a_rejected_row_says_why_and_holds_no_number(office: Office) -> None:
    office.run()
    codes = {str(truth.row): truth.code for truth in office.file.truth if truth.code}
    reasons = {line["row"]: line["reason"].partition(":")[0] for line in office.rows() if line["status"] == "rejected"}
    assert reasons == codes
    written = b"".join(
        path.read_bytes() for path in office.path.parent.rglob("*") if path.is_file() and path != office.path
    )
    assert not any(truth.number.encode() in written for truth in office.file.truth if truth.number)


def test_progress_is_told_to_the_last_row(office: Office) -> None:
    office.run()
    assert office.seen[-1] == (ROWS, ROWS)
    assert [done for done, _ in office.seen] == sorted(done for done, _ in office.seen)


def test_what_is_done_is_not_done_again(office: Office, line: Line) -> None:
    first = office.run()
    line.paths.clear()
    assert office.run() == first
    assert line.paths == []


def kill(line: Line, at: int, *, arrived: bool) -> None:
    """The program dies at its request number `at`: before it is sent, or after the registry has done its part."""
    count, lock, dead = [0], threading.Lock(), threading.Event()

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        with lock:
            count[0] += 1
            now = count[0] == at
            if dead.is_set():
                raise Killed
            if now:
                dead.set()
        if now and arrived:
            answer(request)
        if now:
            raise Killed
        return answer(request)

    line.through = through


@pytest.mark.parametrize("arrived", [False, True], ids=["before-sending", "before-hearing"])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_run_that_is_killed_at_any_request_goes_on_and_checks_nobody_twice(
    office: Office, line: Line, at: int, arrived: bool
) -> None:
    kill(line, at, arrived=arrived)
    with pytest.raises(Killed):
        office.run()
    line.through = None
    office.run()
    office.require_whole()


@pytest.mark.long
def test_a_run_that_is_killed_again_and_again_ends_all_the_same(office: Office, line: Line) -> None:
    office.batches_of(1)
    for at in range(1, 60):
        kill(line, 2 + at % 3, arrived=bool(at % 2))
        try:
            office.run()
        except Killed:
            continue
        break
    line.through = None
    office.run()
    office.require_whole()


@pytest.mark.parametrize("moment", ["receipt", "answer"])
def test_a_kill_while_the_answer_is_written_down_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Between the answer's arrival and the journal's word that it arrived; the receipt may be there already."""
    target = "registry.client.receipts.save" if moment == "receipt" else "registry.client.progress_file.Progress.answer"

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(target, die)
    with pytest.raises(Killed):
        office.run()
    monkeypatch.undo()
    assert 0 < office.asked() <= len(office.people)
    office.run()
    office.require_whole()


def test_nothing_is_noted_as_asked_before_its_evaluation_came_back(office: Office, line: Line) -> None:
    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        return httpx2.Response(503) if request.url.path.endswith("evaluations") else answer(request)

    line.through = through
    with pytest.raises(Unavailable):
        office.run()
    assert b'"asked"' not in office.results.with_name("results.csv.zilu-progress").read_bytes()


def test_a_run_that_meets_the_days_budget_goes_on_another_day(office: Office, store: Store, clock: MovingClock) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE member SET headcount = 3 WHERE id = 'birch'"))  # 4 a day for one account
    for _ in range(len(office.people) // 4 + 1):
        try:
            office.run()
        except TooMany as refused:
            clock.move(timedelta(seconds=refused.retry_after))
    office.require_whole()


def test_an_answer_that_was_lost_for_more_than_a_day_is_asked_again_only_if_allowed(
    office: Office, line: Line, clock: MovingClock
) -> None:
    lost = [True]

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        if request.url.path == "/api/v1/checks" and lost:
            raise Killed
        return answer(request)

    line.through = through
    with pytest.raises(Killed):
        office.run()
    line.through = None
    clock.move(KEY_LIFE)
    clock.move(timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        office.run()
    assert refused.value.code == "batch-too-old"
    office.run(ask_again=True)
    office.require_whole()


def test_a_key_is_not_trusted_as_long_as_the_registry_keeps_it(office: Office) -> None:
    assert KEY_LIFE < DAY


@pytest.mark.parametrize(
    "changes", [{"terms": Terms.declared(purpose="hiring", reference="other")}, {"column": "身份证号"}]
)
def test_results_of_one_question_are_not_continued_with_another(
    office: Office, line: Line, changes: dict[str, object]
) -> None:
    kill(line, 4, arrived=True)
    with pytest.raises(Killed):
        office.run()
    line.through = None
    with pytest.raises(Conflict):
        office.run(**changes)


def test_receipts_that_cannot_be_kept_stop_the_run_before_it_says_that_it_is_done(office: Office) -> None:
    office.receipts.write_text("in the way")
    with pytest.raises(Exception, match="receipts cannot be written"):
        office.run()
    office.receipts.unlink()
    office.run()
    office.require_whole()


def test_ten_thousand_rows_could_come_in_any_batches(office: Office, store: Store) -> None:
    office.batches_of(3)
    office.run()
    with store.read() as session:
        sizes = sorted(session.scalars(sa.select(Batch.count)))
    assert sum(sizes) == len(office.people)
    assert max(sizes) == 3


def test_two_accounts_do_not_share_results(office: Office, connect: Connect, cast: Cast, line: Line) -> None:
    kill(line, 4, arrived=True)
    with pytest.raises(Killed):
        office.run()
    line.through = None
    office.registry = connect(cast.ben, scope="report")
    with pytest.raises(Conflict):
        office.run()
