"""What the demo shows, and what it leaves behind."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from registry import vault
from registry.cli.demo.cases import HIRES, ROW
from registry.client.sample import staff_file
from registry.config import read_secrets
from tests.functional.story.conftest import Told, zilu

CHAPTERS = (
    "A report",
    "Screening",
    "The letter",
    "Served",
    "The accused reads",
    "A check inside the window",
    "Listed",
    "10,000 hires",
    "An appeal",
    "Identity",
    "Admitted",
    "The draw",
    "The member answers",
    "The hearing",
    "The decision",
    "Everyone is told again",
    "Another check",
    "Work that waits",
    "An auditor replays the log",
)
ACTS = (
    "report.file",
    "report.countersign",
    "report.screen",
    "letter.read",
    "letter.serve",
    "entry.list",
    "check.ask",
    "appeal.lodge",
    "case.attest",
    "appeal.admit",
    "appeal.answer",
    "panel.hear",
    "panel.vote",
    "panel.decide",
    "recall.issue",
    "recall.acknowledge",
)


def verbs(told: Told) -> list[str]:
    """The verb of every act in the order of the log, opened with the registry's own keys."""
    key = read_secrets(told.settings.secrets).vault_key
    database = sqlite3.connect(told.folder / "registry.db")
    cases = dict(database.execute('SELECT id, wrapped_key FROM "case"').fetchall())
    rows = database.execute("SELECT uid, case_id, record FROM act ORDER BY position").fetchall()
    database.close()
    found = []
    for uid, case, record in rows:
        under = vault.unwrap(key, cases[case], case=case) if case else key
        found.append(json.loads(vault.open_sealed(under, record, table="act", row=uid, column="record"))["verb"])
    return found


def test_every_step_is_visible_in_the_output(told: Told) -> None:
    at = -1
    for chapter in CHAPTERS:
        found = told.output.find(f"  {chapter}\n", at + 1)
        assert found > at, chapter
        at = found


def test_every_step_is_in_the_log(told: Told) -> None:
    logged = verbs(told)
    assert [act for act in ACTS if act not in logged] == []


def test_the_audit_finds_nothing_wrong(told: Told) -> None:
    done = zilu(told.config, "audit")
    assert done.returncode == 0, done.stdout
    assert "No difference" in done.stdout


def test_an_edited_row_is_named(told: Told, tmp_path: Path) -> None:
    copy = tmp_path / "demo"
    shutil.copytree(told.folder, copy, ignore=shutil.ignore_patterns("*.sock"))
    with sqlite3.connect(copy / "registry.db") as database:
        (report,) = database.execute("SELECT id FROM report LIMIT 1").fetchone()
        database.execute("UPDATE report SET level = 1 WHERE id = ?", (report,))
    done = zilu(copy / "config.toml", "audit")
    assert done.returncode == 1
    assert f"report:{report}" in done.stdout


def test_no_row_of_the_ten_thousand_is_lost_and_each_is_judged_as_it_was_made(told: Told) -> None:
    with (told.folder / "birch" / "hires.csv.results.csv").open() as stream:
        results = {int(row["row"]): row for row in csv.DictReader(stream)}
    content = (told.folder / "birch" / "hires.csv").read_bytes()
    planted = content.decode().splitlines()[ROW - 1].split(",")[2]
    file = staff_file(HIRES, seed=2017, planted={ROW: planted})
    assert file.content == content
    assert sorted(results) == [truth.row for truth in file.truth]
    for truth in file.truth:
        expected = "rejected" if truth.code else "duplicate" if truth.duplicate_of else "checked"
        assert results[truth.row]["status"] == ("hit" if truth.row == ROW else expected), truth


def test_every_receipt_verifies_offline(told: Told) -> None:
    receipts = sorted(told.folder.glob("birch/**/*.json"))
    assert len(receipts) >= 11
    for receipt in receipts[:3]:
        done = zilu(told.config, "receipt", "verify", str(receipt), "--as", "birch-hr")
        assert done.returncode == 0, done.stderr


def forms(text: str) -> set[bytes]:
    """The ways in which a text could stand in a file: UTF-8, UTF-16, hexadecimal, base64."""
    raw = text.encode()
    return {raw, text.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode()}


def test_nothing_personal_is_readable_in_what_the_registry_keeps(told: Told) -> None:
    """Canaries that went in by the front doors: names, addresses, narratives, statements, votes, numbers, codes."""
    kept = [*told.folder.glob("registry.db*"), *told.folder.glob("keyholder/*")]
    assert len(kept) >= 3
    content = b"\0".join(path.read_bytes() for path in kept)
    codes = re.findall(r"code (\S+),", told.output)
    words = ["王秀英", "陈建国", "刘洋", "Riverside Road", "Address lists of parcels", "Internal investigation 117"]
    words += ["terminal-7", "on those nights", "camera records", "Heard by video", "open to everyone in the room"]
    words += ["nobody else is known", "RX 204 117 662", "Hana Li", "SPB-BN-2207", *codes]
    planted = [form for word in words for form in forms(word)]
    assert len(set(codes)) == 3
    assert [form for form in planted if form in content] == []
    standing = {match[1].decode() for match in re.finditer(rb"(?=([0-9]{17}[0-9X]))", content)}
    assert standing.isdisjoint(told.numbers)


def test_the_canaries_would_be_found(told: Told) -> None:
    """The same words do stand in what the member keeps for itself."""
    kept = b"".join(path.read_bytes() for path in told.folder.glob("acme/*/*"))
    assert "王秀英".encode() in kept
    assert b"Internal investigation 117" in kept


@pytest.mark.parametrize("pattern", [r"\b\d{17}[\dX]\b"])
def test_the_output_shows_only_the_numbers_that_the_reader_may_type(told: Told, pattern: str) -> None:
    story, _, notes = told.output.partition("A number that is listed")
    assert re.findall(pattern, story) == []
    assert len(set(re.findall(pattern, notes))) <= 6
