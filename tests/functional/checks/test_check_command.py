from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.checks.models import Check
from registry.client.sample import staff_file
from registry.db import Store
from registry.identity import document
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.log.models import Act
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import list_person, people
from tests.served import Desk

ASK = ("check", "--as", "birch-hr", "--purpose", "hiring", "--consent-reference", "HR-2026-03/17")


@pytest.fixture(autouse=True)
def _budgets_follow_the_headcount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_DAY_AT_LEAST", 0)


def asked(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Check)) or 0


def numbers(count: int) -> str:
    return "".join(f"{person.number}\n" for person in people(count))


# Numbers that are typed.


def test_nobody_listed_is_exit_code_0(desk: Desk, store: Store) -> None:
    result = desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(2))
    assert result.exit_code == 0
    assert [line.split("\t")[:2] for line in result.stdout.splitlines()] == [["1", "no-entry"], ["2", "no-entry"]]
    assert asked(store) == 2


def test_somebody_listed_is_exit_code_3(
    desk: Desk, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    two = people(2)
    entry = list_person(store, holder, cast, two[1], clock(), statement="It was not me.\x1b[2J")
    result = desk.zilu(*ASK, "--receipts", desk.folder / "r", "--details", "-", typed=numbers(2))
    assert result.exit_code == 3
    assert f"2\tentry {entry.id}" in result.stdout
    assert "offence: sale" in result.stdout
    assert "It was not me." in result.stdout
    assert "\x1b" not in result.output
    assert "let a named person decide" in result.stdout


def test_details_are_read_only_when_they_are_asked_for(
    desk: Desk, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (person,) = people(1)
    entry = list_person(store, holder, cast, person, clock())
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    with store.read() as session:
        acts = session.scalars(sa.select(Act).where(Act.case_id == entry.case_id)).all()
    assert len(acts) == 2  # the listing, and that it was shown


def test_numbers_may_stand_on_the_command_line(desk: Desk) -> None:
    result = desk.zilu(*ASK, "--receipts", desk.folder / "r", *(person.number for person in people(2)))
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)


def test_the_help_warns_of_numbers_on_the_command_line_and_lists_the_exit_codes(desk: Desk) -> None:
    text = " ".join(desk.zilu("check", "--help").stdout.split())
    assert "can be seen by others on this machine" in text
    for code in ("0 nobody", "2 bad input", "3 somebody", "4 the registry", "5 a proof"):
        assert code in text


def test_a_wrong_number_is_named_by_its_place_and_nobody_is_asked_about(desk: Desk, store: Store) -> None:
    wrong = people(1)[0].number[:-1] + "?"
    result = desk.zilu(*ASK, "-", typed=numbers(1) + wrong + "\n")
    assert result.exit_code == 2
    assert "number 2: " in result.stderr
    assert wrong[:10] not in result.output
    assert asked(store) == 0


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ((*ASK,), "NUMBER"),
        ((*ASK, "-", "--file", "x.csv"), "--file"),
        ((*ASK, "--file", "none.csv"), "cannot be read"),
        (("check", "--as", "nobody", *ASK[3:], "-"), "--as"),
        (("check", *ASK[3:], "-"), "--as"),
        ((*ASK, "--keys", "none.json", "-"), "none.json"),
        ((*ASK[:-1], "of 11010519491231002X", "-"), "consent.reference"),
    ],
)
def test_bad_input_is_exit_code_2_with_what_to_do(desk: Desk, words: tuple[str, ...], field: str) -> None:
    result = desk.zilu(*words, typed=numbers(1))
    assert result.exit_code == 2
    assert field in result.stderr
    assert "11010519491231002X" not in result.output
    assert "Traceback" not in result.output


def test_no_number_at_all_is_bad_input(desk: Desk) -> None:
    assert desk.zilu(*ASK, "-", typed="\n\n").exit_code == 2


def test_a_registry_that_is_not_there_is_exit_code_4(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace(desk.issuer, "http://127.0.0.1:9"))
    monkeypatch.setattr("registry.client.api._backoff", lambda attempt: 0.0)
    result = desk.zilu(*ASK, "-", typed=numbers(1))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "cannot be reached" in result.stderr


def test_a_budget_that_is_used_up_is_exit_code_4(desk: Desk, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE member SET headcount = 1 WHERE id = 'birch'"))
    result = desk.zilu(*ASK, "-", typed=numbers(2))
    assert result.exit_code == 4
    assert "evaluations a day" in result.stderr


def test_the_keys_are_pinned_at_the_first_contact_and_another_key_is_exit_code_5(desk: Desk, store: Store) -> None:
    first = desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    assert "compare them with" in first.stderr
    path = desk.pins("birch-hr")
    pinned = json.loads(path.read_text())
    assert pinned.keys() == {"identity", "issuer", "jwks", "limits", "log"}
    assert "compare them with" not in desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1)).stderr
    before = asked(store)
    pinned["identity"]["key_id"] = "0" * 16
    path.write_text(json.dumps(pinned))
    result = desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    assert result.exit_code == 5
    assert "another identity key than the pinned one" in result.stderr
    assert asked(store) == before


def test_pinned_keys_may_come_from_a_file_of_ones_own(desk: Desk) -> None:
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    own = desk.pins("birch-hr").rename(desk.folder / "own.json")
    result = desk.zilu(*ASK, "--receipts", desk.folder / "r", "--keys", own, "-", typed=numbers(1))
    assert result.exit_code == 0
    assert not desk.pins("birch-hr").exists()


# Receipts.


def test_a_receipt_is_kept_and_verifies_offline_and_a_tampered_one_does_not(desk: Desk) -> None:
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    (path,) = (desk.folder / "r").glob("*.json")
    verify = ("receipt", "verify", path, "--keys", desk.pins("birch-hr"))
    promised = desk.zilu(*verify)
    assert (promised.exit_code, "a promise until it is logged" in promised.stdout) == (0, True)
    desk.run_log()
    assert desk.zilu(*verify, "--fetch", "--as", "birch-hr").exit_code == 0
    (desk.folder / "config.toml").unlink()  # nobody is asked from here on
    logged = desk.zilu(*verify)
    assert (logged.exit_code, "verified and logged" in logged.stdout) == (0, True)
    assert "birch" in logged.stdout
    kept = json.loads(path.read_text())
    kept["answers"][0]["outcome"] = "entry"
    path.write_text(json.dumps(kept))
    tampered = desk.zilu(*verify)
    assert (tampered.exit_code, tampered.stdout) == (5, "")


def test_a_receipt_must_be_for_the_member_that_is_named(desk: Desk) -> None:
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    (path,) = (desk.folder / "r").glob("*.json")
    words = ("receipt", "verify", path, "--as", "birch-hr", "--member")
    assert desk.zilu(*words, "birch").exit_code == 0
    assert desk.zilu(*words, "cedar").exit_code == 5


@pytest.mark.parametrize("content", [None, "", "[1]", "{}"])
def test_what_is_no_receipt_is_refused(desk: Desk, content: str | None) -> None:
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    path = desk.folder / "receipt.json"
    if content is not None:
        path.write_text(content)
    result = desk.zilu("receipt", "verify", path, "--as", "birch-hr")
    assert result.exit_code == (5 if content == "{}" else 2)
    assert "Traceback" not in result.output


def test_the_log_shows_what_was_answered_while_the_command_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.cli.check._PATIENCE", 5)
    monkeypatch.setattr("registry.cli.check.time.sleep", lambda _: desk.run_log())
    desk.zilu(*ASK, "--receipts", desk.folder / "r", "-", typed=numbers(1))
    (path,) = (desk.folder / "r").glob("*.json")
    assert json.loads(path.read_text())["proof"]


# A staff file.


def staff(desk: Desk, rows: int, **how: object) -> tuple[Path, list[str]]:
    """A file on the desk; the distinct numbers in it."""
    file = staff_file(rows, seed=5, **how)  # type: ignore[arg-type]
    path = desk.folder / "staff.csv"
    path.write_bytes(file.content)
    return path, sorted({truth.number for truth in file.truth if truth.number})


def results(path: Path) -> list[dict[str, str]]:
    with path.with_name(path.name + ".results.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.cli.check._PATIENCE", 0)


def test_a_file_is_checked_row_by_row_and_summed_up(
    desk: Desk, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    path, valid = staff(desk, 60, malformed=0.3)
    list_person(store, holder, cast, parse(valid[7]), clock())
    result = desk.zilu(*ASK, "--file", path)
    assert result.exit_code == 3
    rows = results(path)
    assert [int(row["row"]) for row in rows] == list(range(2, 62))
    counts = {status: sum(row["status"] == status for row in rows) for status in ("checked", "hit", "rejected")}
    assert counts["hit"] == 1
    assert counts["checked"] + counts["hit"] == len(valid) == asked(store)
    hit = next(row for row in rows if row["status"] == "hit")
    assert f"row {hit['row']} is listed (check {hit['check_id']})" in result.stdout
    duplicates = 60 - sum(counts.values())
    said = f"60 rows: {counts['checked']} checked, 1 hit, {counts['rejected']} rejected, {duplicates} duplicate"
    assert said in result.stdout
    assert not any(number in result.output for number in valid)


@pytest.mark.parametrize(("encoding", "header"), [("gb18030", "zh"), ("utf-8-sig", "en"), ("utf-16", "none")])
def test_a_file_of_any_program_is_checked(desk: Desk, store: Store, encoding: str, header: str) -> None:
    path, valid = staff(desk, 20, encoding=encoding, header=header, newline="crlf")
    assert desk.zilu(*ASK, "--file", path).exit_code == 0
    assert asked(store) == len(valid)


def test_the_same_command_again_asks_nobody_again_and_says_the_same(desk: Desk, store: Store) -> None:
    path, valid = staff(desk, 10)
    first, again = (desk.zilu(*ASK, "--file", path) for _ in range(2))
    assert again.stdout == first.stdout
    assert asked(store) == len(valid)


def test_a_file_without_numbers_is_refused_before_anybody_is_asked_about(desk: Desk, store: Store) -> None:
    path = desk.folder / "staff.csv"
    path.write_text("name,town\nA,B\n")
    result = desk.zilu(*ASK, "--file", path)
    assert (result.exit_code, asked(store)) == (2, 0)
    assert not path.with_name("staff.csv.results.csv").exists()


def test_a_file_of_other_documents_is_read_by_their_type(desk: Desk, store: Store) -> None:
    path = desk.folder / "staff.csv"
    path.write_text("name,passport\nA,E12345678\nB,\n")
    assert desk.zilu(*ASK, "--file", path, "--type", "PASSPORT:FRA").exit_code == 0
    assert asked(store) == 1
    assert document.PASSPORT


def test_a_command_that_is_killed_is_resumed_and_nobody_is_checked_twice(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.policy.BATCH", 40)  # as the discovery document says
    path, valid = staff(desk, 240, malformed=0.02)
    journal = path.with_name("staff.csv.results.csv.zilu-progress")
    for kill_at in (b'"asked":0', b'"answered"', b'"asked":2'):
        process = desk.start(*ASK, "--file", path)
        while process.poll() is None and not (journal.exists() and kill_at in journal.read_bytes()):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    result = desk.zilu(*ASK, "--file", path)
    assert result.exit_code == 0, result.output
    assert [int(row["row"]) for row in results(path)] == list(range(2, 242))
    assert asked(store) == len(valid)
