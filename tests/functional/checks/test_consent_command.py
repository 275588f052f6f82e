"""`zilu consent` and `zilu check --granted` against a registry behind a port; the candidate answers as a page does."""

from __future__ import annotations

import re
from pathlib import Path

from registry.checks.models import Check
from registry.keys.holder import Holder
from tests.functional.web.test_web_consent import grant, post
from tests.line import application
from tests.listing import people
from tests.served import Desk

CANDIDATE, OTHER = people(2)
AS = ("--as", "birch-hr")


def checked(desk: Desk, group: str, number: str) -> tuple[int, str]:
    words = ("check", *AS, "--purpose", "hiring", "--granted", group, "--receipts", desk.folder / "r", "-")
    result = desk.zilu(*words, typed=f"{number}\n")
    return result.exit_code, result.output


def test_candidates_are_asked_answer_and_are_checked_once(desk: Desk, holder: Holder, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("May we ask?\n", encoding="utf-8")
    asked = desk.zilu("consent", "ask", *AS, "--purpose", "hiring", "--text", text, "--count", "3", "--days", "1")
    assert asked.exit_code == 0, asked.output
    links = asked.stdout.splitlines()
    assert [link.partition("#")[0] for link in links] == [f"{desk.issuer}/consent"] * 3
    group = re.findall(r"group: (\S+)", asked.stderr)[0]
    secrets = [link.partition("#")[2] for link in links]
    browser = application().test_client()
    assert post(browser, "open", {"secret": secrets[0]}).json["text"] == text.read_text()
    assert grant(browser, holder, CANDIDATE, secret=secrets[0]).json == {"state": "granted"}
    assert post(browser, "decline", {"secret": secrets[1]}).status_code == 200
    listed = desk.zilu("consent", "list", *AS, group)
    assert listed.stdout.splitlines() == ["declined\t1", "granted\t1", "open\t1"]
    code, output = checked(desk, group, OTHER.number)
    assert (code, "no consent of this group fits" in output) == (2, True)
    with desk.store.read() as session:
        assert session.query(Check).count() == 0
    code, output = checked(desk, group, CANDIDATE.number)
    assert (code, "no-entry" in output) == (0, True)
    assert checked(desk, group, CANDIDATE.number)[0] == 2
    assert "used\t1" in desk.zilu("consent", "list", *AS, group).stdout


def test_what_cannot_be_asked_is_refused_with_the_way_out(desk: Desk, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(b"\xff\xfe")
    unreadable = desk.zilu("consent", "ask", *AS, "--purpose", "hiring", "--text", text)
    assert (unreadable.exit_code, "readable UTF-8" in unreadable.output) == (2, True)
    both = desk.zilu("check", *AS, "--purpose", "hiring", "--granted", "g1", "--consent-reference", "x", "-", typed="")
    assert (both.exit_code, "either --consent-reference or --granted" in both.output) == (2, True)
    unknown = desk.zilu("consent", "list", *AS, "0" * 32)
    assert (unknown.exit_code, "no such group" in unknown.output) == (2, True)
