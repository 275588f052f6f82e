from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry import base64url
from registry.client import drafts, reporting
from registry.db import Store
from registry.reports.models import Report
from registry.reports.rules import State
from registry.signing import canonical, jws
from tests.cast import Cast
from tests.conftest import START
from tests.filing import EXHIBIT, NUMBER, OTHER_NUMBER, SHA256
from tests.served import Desk

BY_RUI = ("--as", "acme-security")
BY_ANA = ("--as", "acme-approver")


def draft() -> dict[str, Any]:
    return {
        "offence": "sale",
        "staff": "employee",
        "basis": "B",
        "gravity": {"records": 710, "kind": "transaction", "gain_cny": 900},
        "period": {"from": "2026-01-20", "to": "2026-02-20"},
        "found": {"on": str((START - timedelta(days=5)).date()), "how": "The access log showed exports at night."},
        "measure": "Dismissed; access withdrawn the same day.",
        "breach_notice": {"date": "2026-02-26", "reference": "SPB-2026-0117"},
        "narrative": "The courier exported customers' addresses and sold them to a collector.",
        "facts": [{"text": "Exported 710 customers' records at night.", "exhibits": ["log.csv"]}],
        "proof": {
            "police": {"reference": "PSB-2026-88", "date": "2026-02-26"},
            "dismissal": {"reference": "HR-2026-31", "date": "2026-02-26"},
        },
        "exhibits": ["log.csv"],
        "term_days": 365,
        "reasons": "Repeated over a month, for gain, from a position of trust.",
        "contact": {"name": "王小明", "address": "北京市朝阳区\n幸福路 1 号", "language": "zh"},
    }


def write(desk: Desk, document: object, name: str = "draft.json") -> Path:
    path = desk.folder / name
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    (desk.folder / "log.csv").write_bytes(EXHIBIT)
    return path


def signed(desk: Desk) -> Path:
    result = desk.zilu("report", "sign", write(desk, draft()), *BY_RUI, typed=NUMBER + "\n")
    assert result.exit_code == 0, result.output
    return desk.folder / "draft.signed.json"


def filed(desk: Desk) -> str:
    result = desk.zilu("report", "file", signed(desk), "--exhibit", desk.folder / "log.csv", *BY_RUI)
    assert result.exit_code == 0, result.output
    return result.stdout.split("\t")[0]


def states(store: Store) -> list[State]:
    with store.read() as session:
        return list(session.scalars(sa.select(Report.state)))


def test_a_report_is_signed_filed_and_countersigned_by_two_people(desk: Desk, store: Store) -> None:
    report = filed(desk)
    assert states(store) == [State.FILED]
    result = desk.zilu("report", "countersign", report, *BY_ANA, typed=NUMBER + "\n")
    assert result.exit_code == 0, result.output
    assert states(store) == [State.COUNTERSIGNED]
    assert "exported customers' addresses" in result.stderr


def test_the_number_stands_in_no_file_and_no_output(desk: Desk) -> None:
    result = desk.zilu("report", "sign", write(desk, draft()), *BY_RUI, typed=NUMBER + "\n")
    assert NUMBER not in result.output
    assert not any(NUMBER.encode() in path.read_bytes() for path in desk.folder.iterdir())


def test_a_signed_report_is_for_its_owner_only_and_never_replaced(desk: Desk) -> None:
    path = signed(desk)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    again = desk.zilu("report", "sign", desk.folder / "draft.json", *BY_RUI, typed=NUMBER + "\n")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert path.read_bytes() == before


def test_filing_twice_is_one_report(desk: Desk, store: Store) -> None:
    words = ("report", "file", signed(desk), "--exhibit", desk.folder / "log.csv", *BY_RUI)
    first, again = (desk.zilu(*words).stdout for _ in range(2))
    assert first == again
    assert len(states(store)) == 1


def test_the_filer_reads_again_what_the_registry_holds(desk: Desk) -> None:
    report, signed_report = filed(desk), json.loads((desk.folder / "draft.signed.json").read_text())["report"]
    result = desk.zilu("report", "show", report, *BY_RUI)
    assert result.exit_code == 0, result.output
    shown, sent = json.loads(result.stdout), jws.parse(signed_report, typ=reporting.REPORT)
    assert shown["digest"] == base64url.encode(hashlib.sha256(canonical.dumps(sent.payload)).digest())
    assert shown["statement"] == {name: value for name, value in sent.payload.items() if name != "sub"}
    assert (shown["id"], shown["state"], shown["screening"]) == (report, "filed", None)


@pytest.mark.parametrize(
    ("who", "report"), [("birch-security", None), ("acme-security", "0" * 32), ("acme-security", "x")]
)
def test_nobody_reads_what_is_not_theirs_or_not_there(desk: Desk, who: str, report: str | None) -> None:
    result = desk.zilu("report", "show", report or filed(desk), "--as", who)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_new_version_must_be_countersigned_again(desk: Desk, store: Store) -> None:
    report = filed(desk)
    desk.zilu("report", "countersign", report, *BY_ANA, typed=NUMBER + "\n")
    path = write(desk, draft() | {"term_days": 200}, "second.json")
    desk.zilu("report", "sign", path, *BY_RUI, typed=NUMBER + "\n")
    result = desk.zilu("report", "file", desk.folder / "second.signed.json", "--replaces", report, *BY_RUI)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(report)
    assert states(store) == [State.FILED]
    assert json.loads(desk.zilu("report", "show", report, *BY_RUI).stdout)["term_days"] == 200
    assert desk.zilu("report", "countersign", report, *BY_ANA, typed=NUMBER + "\n").exit_code == 0
    assert states(store) == [State.COUNTERSIGNED]


@pytest.mark.parametrize(
    ("typed", "said"), [(OTHER_NUMBER, "not the one"), (NUMBER[:-1] + "1", "does not fit"), ("", "empty")]
)
def test_another_number_countersigns_nothing(desk: Desk, store: Store, typed: str, said: str) -> None:
    result = desk.zilu("report", "countersign", filed(desk), *BY_ANA, typed=typed + "\n")
    assert result.exit_code == 2
    assert said in result.stderr
    assert states(store) == [State.FILED]
    assert not typed or typed not in result.output


def test_whoever_filed_does_not_countersign(desk: Desk, store: Store) -> None:
    result = desk.zilu("report", "countersign", filed(desk), *BY_RUI, typed=NUMBER + "\n")
    assert result.exit_code == 2
    assert states(store) == [State.FILED]


def test_words_that_were_changed_on_the_way_are_not_countersigned(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = filed(desk)
    read = reporting.read

    def other_words(*about: Any) -> dict[str, Any]:
        shown = read(*about)
        return shown | {"statement": shown["statement"] | {"term_days": 1}}

    monkeypatch.setattr("registry.client.reporting.read", other_words)
    result = desk.zilu("report", "countersign", report, *BY_ANA, typed=NUMBER + "\n")
    assert result.exit_code == 2
    assert states(store) == [State.FILED]


def set_to(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("narrative"), "lacks narrative"),
        (without("contact"), "lacks contact"),
        (without("exhibits"), "lacks exhibits"),
        (set_to(1, "surprise"), "may only have"),
        (set_to("D", "basis"), "a suspicion is never listed"),
        (set_to("sloth", "offence"), "offence must be"),
        (set_to(3, "gravity", "records"), "gravity.records must be 25 or more"),
        (set_to(731, "term_days"), "term_days must be"),
        (set_to(None, "term_days"), "only the gravest"),
        (set_to("2026-13-01", "period", "to"), "period.to must be a date"),
        (set_to("2025-01-01", "period", "to"), "period.to must not be before"),
        (set_to("2026-12-31", "found", "on"), "must not be in the future"),
        (set_to(f"He is {NUMBER}.", "narrative"), "must not hold an identity number"),
        (set_to([], "exhibits"), "at least one"),
        (set_to(["none.pdf"], "exhibits"), "none.pdf cannot be read"),
        (set_to([5], "exhibits"), "exhibits must be"),
        (set_to("nobody", "contact"), "contact must be"),
        (set_to(1.5, "term_days"), "without floats"),
    ],
)
def test_a_draft_that_is_not_in_order_is_refused_before_the_number_is_asked_for(
    desk: Desk, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    document = draft()
    change(document)
    result = desk.zilu("report", "sign", write(desk, document), *BY_RUI, typed="")
    assert result.exit_code == 2
    assert said in result.stderr
    assert NUMBER not in result.output
    assert not (desk.folder / "draft.signed.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a":1,"a":2}'])
def test_a_file_that_is_no_draft_is_refused(desk: Desk, content: str) -> None:
    path = desk.folder / "draft.json"
    path.write_text(content)
    result = desk.zilu("report", "sign", path, *BY_RUI)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_without_a_signing_key_nothing_is_signed(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("signing_key = 'acme-security-signing.pem'", ""))
    result = desk.zilu("report", "sign", write(desk, draft()), *BY_RUI, typed=NUMBER + "\n")
    assert result.exit_code == 2
    assert "signing_key" in result.stderr


def test_each_exhibit_that_the_report_names_must_be_there_and_no_other(desk: Desk, store: Store) -> None:
    path = signed(desk)
    other = desk.folder / "other.txt"
    other.write_text("Something else.\n")
    for words, said in (((), "exhibit 1 of the report is missing"), (("--exhibit", other), "is not an exhibit")):
        result = desk.zilu("report", "file", path, *words, *BY_RUI)
        assert result.exit_code == 2
        assert said in result.stderr
    assert states(store) == []


@pytest.mark.parametrize("document", [{}, {"report": 5, "contact": {}}, {"report": "a.b.c", "contact": {}}])
def test_what_was_not_signed_here_is_not_filed(desk: Desk, store: Store, document: dict[str, Any]) -> None:
    result = desk.zilu("report", "file", write(desk, document, "signed.json"), *BY_RUI)
    assert result.exit_code == 2
    assert states(store) == []


@pytest.mark.parametrize("report", ["0" * 32, "../account", "x"])
def test_a_report_that_is_none_cannot_be_countersigned(desk: Desk, report: str) -> None:
    assert desk.zilu("report", "countersign", report, *BY_ANA, typed=NUMBER + "\n").exit_code == 2


def test_the_signed_payload_is_the_draft_with_who_when_and_whom(desk: Desk, cast: Cast) -> None:
    document = json.loads(signed(desk).read_text())
    payload = jws.parse(document["report"], typ="report+jwt").payload
    assert (payload["iss"], payload["aud"]) == ("acme", desk.issuer)
    hashed = {"exhibits": [SHA256], "facts": [{**draft()["facts"][0], "exhibits": [SHA256]}]}
    assert {name: payload[name] for name in drafts.CLAIMS} == {
        name: value for name, value in {**draft(), **hashed}.items() if name in drafts.CLAIMS
    }
    assert (payload["v"], payload["offence_version"], payload["impersonation"]) == (1, 1, False)
    assert document["contact"] == draft()["contact"]


# An existing list.

ROW = {
    "name": "王小明", "id number": NUMBER, "basis": "B", "offence": "sale", "from": "2025-06-01", "to": "2025-12-31",
    "records": "710", "kind": "transaction", "gain_cny": "", "found_on": "2026-01-05", "found_how": "Access log.",
    "measure": "Dismissed.", "narrative": "Sold addresses.", "reasons": "For gain.", "term_days": "365",
    "exhibits": "log.csv; letter.pdf", "address": "北京市", "language": "",
    "staff": "agency", "police_reference": "PSB-2025-7", "police_date": "2026-01-08", "dismissal_reference": "HR-12",
    "dismissal_date": "2026-01-06",
}  # fmt: skip


def write_list(desk: Desk, *rows: dict[str, str]) -> Path:
    path = desk.folder / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(ROW))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_list_becomes_drafts_without_numbers_and_nothing_is_sent(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.client.api.Registry.__init__", lambda *_, **__: pytest.fail("somebody was asked"))
    path = write_list(desk, ROW, ROW | {"term_days": "", "language": "en"})
    result = desk.zilu("report", "import", path)
    assert result.exit_code == 0, result.output
    folder = desk.folder / "list.csv.drafts"
    assert sorted(each.name for each in folder.iterdir()) == ["row-00002.json", "row-00003.json"]
    made = json.loads((folder / "row-00002.json").read_text())
    assert made["source"] == {"file": "list.csv", "row": 2}
    assert made["term_days"] == 365 - 61  # 31 December to 2 March
    assert made["exhibits"] == ["log.csv", "letter.pdf"]
    assert made["proof"]["police"] == {"reference": "PSB-2025-7", "date": "2026-01-08"}
    assert made["contact"] == {"name": "王小明", "address": "北京市", "language": "zh"}
    assert not any(NUMBER.encode() in each.read_bytes() for each in folder.iterdir())
    assert states(store) == []


def test_a_draft_from_a_list_must_be_completed_before_it_can_be_signed(desk: Desk) -> None:
    desk.zilu("report", "import", write_list(desk, ROW | {"exhibits": "log.csv"}))
    path = desk.folder / "list.csv.drafts" / "row-00002.json"
    (path.parent / "log.csv").write_bytes(EXHIBIT)
    result = desk.zilu("report", "sign", path, *BY_RUI, typed=NUMBER + "\n")
    assert result.exit_code == 2
    assert "breach_notice" in result.stderr
    completed = json.loads(path.read_text()) | {"breach_notice": {"none": "Before the duty to notify."}}
    path.write_text(json.dumps(completed))
    assert "facts[0].text" in desk.zilu("report", "sign", path, *BY_RUI, typed=NUMBER + "\n").stderr
    path.write_text(json.dumps(completed | {"facts": [{"text": "Sold 710 addresses.", "exhibits": ["log.csv"]}]}))
    assert desk.zilu("report", "sign", path, *BY_RUI, typed=NUMBER + "\n").exit_code == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basis": "D"}, "basis must be A, B or C"),
        ({"basis": ""}, "basis must be A, B or C"),
        ({"to": "last year"}, "to must be a date"),
        ({"from": ""}, "from must be a date"),
        ({"term_days": "61"}, "term_days are over"),
        ({"records": "1,000"}, "records must be a whole number"),
        ({"narrative": f"He is {NUMBER}."}, "narrative must not hold an identity number"),
    ],
)
def test_a_row_that_can_never_be_listed_is_refused_by_its_number(
    desk: Desk, changes: dict[str, str], said: str
) -> None:
    result = desk.zilu("report", "import", write_list(desk, ROW | changes, ROW))
    assert result.exit_code == 2
    assert f"row 2: {said}" in result.stderr
    assert "1 drafts" in result.stdout
    assert NUMBER not in result.output


@pytest.mark.parametrize("content", ["", "name\nA\n", "basis,from,to,to\nB,1,2,3\n", "\x00"])
def test_a_file_that_is_no_list_is_refused(desk: Desk, content: str) -> None:
    path = desk.folder / "list.csv"
    path.write_text(content)
    result = desk.zilu("report", "import", path)
    assert result.exit_code == 2
    assert not (desk.folder / "list.csv.drafts").exists()


def test_drafts_that_may_be_worked_on_are_not_overwritten(desk: Desk) -> None:
    path = write_list(desk, ROW)
    desk.zilu("report", "import", path)
    draft_path = desk.folder / "list.csv.drafts" / "row-00002.json"
    draft_path.write_text("worked on")
    assert desk.zilu("report", "import", path).exit_code == 2
    assert draft_path.read_text() == "worked on"
