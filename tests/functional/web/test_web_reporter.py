"""A report on the web: drafted in steps, signed once, countersigned by a second person, written anew, taken back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry import base64url
from registry.accounts.models import UserSession
from registry.client.drafts import CLAIMS
from registry.db import Store
from registry.keys.holder import Holder
from registry.log.actions import record
from registry.log.models import Act
from registry.policy import PROOF_LIFE
from registry.reports import drafts, statement
from registry.reports.exhibits import put_exhibit
from registry.reports.models import Draft, Exhibit, Report
from registry.reports.rules import State
from tests.app_fixture import SignIn
from tests.cast import Cast, Person
from tests.conftest import MovingClock
from tests.filing import ANNEX, ANNEXES, CONTACT, EXHIBIT, NUMBER, OTHER_NUMBER, SHA256, Filing, claims, sign, tag_of
from tests.pages import problems_of, send, submit, text_of, token_of

PAYLOAD = "<img src=x onerror=alert(1)> \u202egnp.exe =1+1"
STEPS: Mapping[str, dict[str, Any]] = {
    "offence": {"offence": "sale", "staff": "employee", "basis": "B", "incident": ""},
    "act": {
        "gravity_kind": "transaction",
        "gravity_records": "7 100",
        "gravity_gain_cny": "900",
        **{f"period_from-{part}": value for part, value in (("year", "2026"), ("month", "1"), ("day", "20"))},
        **{f"period_to-{part}": value for part, value in (("year", "2026"), ("month", "02"), ("day", "21"))},
    },
    "found": {
        **{f"found_on-{part}": value for part, value in (("year", "2026"), ("month", "2"), ("day", "25"))},
        "found_how": "The access log showed\r\nexports at night.",
        "measure": "Dismissed.",
        "breach_notice_none": "No customer can be harmed any more.",
    },
    "narrative": {"narrative": f"Sold addresses. {PAYLOAD}"},
    "proof": {
        "police_reference": "PSB-2026-88",
        **{f"police_date-{part}": value for part, value in (("year", "2026"), ("month", "2"), ("day", "26"))},
        "dismissal_reference": "HR-2026-31",
        **{f"dismissal_date-{part}": value for part, value in (("year", "2026"), ("month", "2"), ("day", "26"))},
    },
    "term": {"term_days": "365", "reasons": "Repeated, and for gain."},
    "contact": {"contact_name": "王小明", "contact_address": "北京市\r\n幸福路 1 号", "contact_language": "zh"},
}


def begin(rui: FlaskClient) -> str:
    """The address of a new draft."""
    location = rui.post("/reports/drafts", data=token(rui))
    assert location.status_code == 302
    return str(location.location)


def token(client: FlaskClient) -> dict[str, str]:
    return {"csrf_token": token_of(client, "/reports")}


def hand_in(rui: FlaskClient, draft: str, *files: tuple[bytes, str]) -> TestResponse:
    data = {**token(rui), "files": [(BytesIO(content), name) for content, name in files]}
    return rui.post(f"{draft}/exhibits", data=data, content_type="multipart/form-data")


def written(rui: FlaskClient) -> str:
    """The address of a draft with everything in it."""
    draft = begin(rui)
    for name, said in STEPS.items():
        assert submit(rui, f"{draft}/steps/{name}", seen(rui, f"{draft}/steps/{name}", said)).location == draft, name
    assert hand_in(rui, draft, (EXHIBIT, f"{PAYLOAD}.csv")).status_code == 302
    fact = {"text": f"Exported. {PAYLOAD}", "exhibits": [SHA256]}
    assert submit(rui, f"{draft}/facts/1", fact).location == f"{draft}/facts"
    return draft


def kept(store: Store, cast: Cast, clock: MovingClock) -> str:
    """The address of such a draft, kept by other means than the pages."""
    said = claims(cast.rui, b"", clock(), narrative=f"Sold addresses. {PAYLOAD}")
    document = {name: said[name] for name in (*CLAIMS, "impersonation")}
    with store.write() as session:
        put_exhibit(session, actor=cast.rui.actor, sha256=SHA256, data=EXHIBIT, now=clock())
        draft = drafts.save(session, actor=cast.rui.actor, document={**document, "contact": CONTACT}, now=clock()).draft
    return f"/reports/drafts/{draft.id}"


def seen(client: FlaskClient, page: str, said: Mapping[str, Any]) -> dict[str, Any]:
    found = re.search(r'name="seen"[^>]* value="([^"]*)"', client.get(page).text)
    assert found
    return {**said, "seen": found[1]}


def statement_on(page: str, id: str = "claims") -> dict[str, Any]:
    """What the browser is given to sign."""
    found = re.search(rf'<pre id="{id}"[^>]*>\n(.*?)</pre>', page, re.S)
    assert found
    said: dict[str, Any] = json.loads(html.unescape(found[1]))
    return said


def signed_by(person: Person, page: str, tag: bytes, typ: str = statement.REPORT) -> str:
    """As the page's script does it."""
    return sign(person, {**statement_on(page), "sub": base64url.encode(tag)}, typ)


def reports(store: Store) -> list[Report]:
    with store.read() as session:
        return session.query(Report).all()


def test_a_report_is_drafted_signed_once_and_countersigned_by_another(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder
) -> None:
    rui, ana, tag = signed_in(cast.rui), signed_in(cast.ana), tag_of(holder)
    draft = written(rui)
    overview = text_of(rui.get(draft))
    assert "to do" not in overview
    assert "Check your answers" in overview
    check = rui.get(f"{draft}/check")
    assert "7,100 records" in text_of(check)
    assert "<img" not in check.text.partition("<main")[2]
    page = rui.get(f"{draft}/sign").text
    signed = signed_by(cast.rui, page, tag)
    filed = send(rui, f"{draft}/sign", f"{draft}/signed", {"token": signed})
    (report,) = reports(store)
    assert filed.json == {"next": f"/reports/{report.id}"}
    assert (report.state, report.filed_by, report.level) == (State.FILED, "acme-security", 3)
    again = rui.post(f"{draft}/signed", json={"token": signed}, headers={"X-CSRF-Token": token(rui)["csrf_token"]})
    assert again.json == filed.json  # a second press
    assert rui.get(draft).status_code == 404  # the way back: the draft has become a report
    with store.read() as session:
        assert session.query(Draft).count() == 0
    shown = rui.get(f"/reports/{report.id}")
    assert "Read by acme-security on 2 March 2026, 09:00 UTC." in text_of(shown)
    assert f"/reports/{report.id}/countersignature" not in shown.text
    assert rui.get(f"/reports/{report.id}/exhibits/1").data == EXHIBIT
    assert "Read and countersign it" in text_of(ana.get("/reports"))
    page = ana.get(f"/reports/{report.id}/countersignature").text
    assert statement_on(page, "words")["narrative"] == f"Sold addresses. {PAYLOAD}"
    other = signed_by(cast.ana, page, tag_of(holder, OTHER_NUMBER), statement.COUNTERSIGNATURE)
    path = f"/reports/{report.id}/countersign"
    refused = send(ana, f"{path}ature", f"{path}ed", {"token": other})
    assert refused.json["code"] == "number-differs"
    right = signed_by(cast.ana, page, tag, statement.COUNTERSIGNATURE)
    for _press in range(2):
        assert send(ana, f"{path}ature", f"{path}ed", {"token": right}).json == {"next": f"/reports/{report.id}"}
    (report,) = reports(store)
    assert report.state is State.COUNTERSIGNED


def test_each_step_says_what_is_wrong_and_keeps_what_was_typed(signed_in: SignIn, cast: Cast, store: Store) -> None:
    rui = signed_in(cast.rui)
    draft = begin(rui)
    expected = {
        "offence": ["Select what the person did.", "Select how the person worked for you.", "Select what it rests on."],
        "act": [
            "Select the kind of data.",
            "Enter how many records, as a whole number.",
            "Enter the gain in CNY, as a whole number; 0 if there was none.",
            "Enter the day: year, month and day.",
            "Enter the day: year, month and day.",
        ],
        "found": [
            "Enter the day: year, month and day.",
            "Enter how.",
            "Enter what your company has done.",
            "Enter the day and the reference of the notice, or why there was none.",
        ],
        "narrative": ["Enter what happened."],
        "term": ["Enter the days as a whole number, or tick that it has no end.", "Enter why."],
        "contact": ["Enter the name.", "Enter the address.", "Select the language."],
    }
    for name, problems in expected.items():
        assert problems_of(submit(rui, f"{draft}/steps/{name}", {})) == problems, name
    path = f"{draft}/steps/narrative"
    page = submit(rui, path, seen(rui, path, {"narrative": f"It was {NUMBER} who did it."}))
    assert problems_of(page) == ["Leave the identity number out of this text."]
    assert "who did it." in page.text  # in the field, where it was typed
    day = {f"found_on-{part}": "x<b>" for part in ("year", "month", "day")}
    page = submit(rui, f"{draft}/steps/found", {**STEPS["found"], **day})
    assert problems_of(page) == ["Enter a day that is in the calendar: year, month and day."]
    assert "x&lt;b&gt;" in page.text
    assert problems_of(submit(rui, f"{draft}/facts/1", {})) == [
        "Enter what the person did.",
        "Select at least one exhibit that shows it.",
    ]
    assert "The step “The offence” is not written yet." in text_of(rui.get(draft))
    assert rui.get(f"{draft}/check").location == draft
    assert rui.get(f"{draft}/sign").location == draft
    assert (rui.get(f"{draft}/steps/nothing").status_code, rui.get(f"{draft}/facts/7").status_code) == (404, 404)
    with store.read() as session:
        assert session.query(Act).filter(Act.case_id.is_not(None)).count() == 0


def test_what_becomes_of_each_file_is_said_in_words(signed_in: SignIn, cast: Cast, store: Store) -> None:
    rui = signed_in(cast.rui)
    draft = begin(rui)
    page = hand_in(rui, draft, (EXHIBIT, f"{PAYLOAD}.csv"), (b"PK\3\4", "b.zip"), (b"=1+1,b\n1,2", "c.csv"))
    assert problems_of(page) == [
        "File 2 was not taken: it must be a whole PDF, PNG or JPEG, or text or CSV in UTF-8; save it anew as one of "
        "these."
    ]
    assert "kept, sealed: text/csv" in text_of(page)
    assert f"{PAYLOAD.replace(chr(0x202E), '')}.csv" in text_of(page)
    page = hand_in(rui, draft, (b"text", f"{NUMBER}.txt"))
    assert problems_of(page) == ["File 1 was not taken: its name holds an identity number; give the file another name."]
    assert NUMBER not in page.text
    assert problems_of(hand_in(rui, draft)) == ["Choose 1 to 5 files."]
    assert hand_in(rui, draft, (EXHIBIT, "again.csv")).status_code == 302
    with store.read() as session:
        assert session.query(Exhibit).count() == 1
    submit(rui, f"{draft}/facts/1", {"text": "Exported.", "exhibits": [SHA256]})
    assert "fact 1" in text_of(rui.get(f"{draft}/exhibits"))
    assert rui.post(f"{draft}/exhibits/1/removal", data=token(rui)).location == f"{draft}/exhibits"
    assert "No exhibit shows it yet." in text_of(rui.get(f"{draft}/facts"))
    assert rui.post(f"{draft}/exhibits/1/removal", data=token(rui)).status_code == 404
    assert rui.post(f"{draft}/facts/1/removal", data=token(rui)).location == f"{draft}/facts"


@pytest.mark.long
def test_nobody_writes_over_a_colleague_and_what_is_sent_twice_stands_once(signed_in: SignIn, cast: Cast) -> None:
    rui = signed_in(cast.rui)
    draft = begin(rui)
    path = f"{draft}/steps/narrative"
    mine = seen(rui, path, {"narrative": "Mine."})
    assert submit(rui, path, seen(rui, path, {"narrative": "Theirs."})).location == draft
    page = submit(rui, path, mine)
    assert "A colleague has changed this step meanwhile" in problems_of(page)[0]
    assert "Mine." in page.text
    shown = re.search(r'name="seen"[^>]* value="([^"]*)"', page.text)
    assert shown
    for _press in range(2):
        assert submit(rui, path, {"narrative": "Mine.", "seen": shown[1]}).location == draft
    assert hand_in(rui, draft, (EXHIBIT, "log.csv")).status_code == 302
    for _press in range(2):
        assert submit(rui, f"{draft}/facts/1", {"text": "Once.", "exhibits": [SHA256]}).status_code == 302
    assert text_of(rui.get(f"{draft}/facts")).count("Once.") == 1
    assert rui.post(f"{draft}/removal", data=token(rui)).location == "/reports"
    assert rui.get(draft).status_code == 404


def test_an_ended_session_or_an_old_password_loses_no_draft(
    signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock
) -> None:
    rui, draft = signed_in(cast.rui), kept(store, cast, clock)
    clock.move(PROOF_LIFE)
    assert rui.get(f"{draft}/sign").location == f"/account/prove?next={draft}/sign"
    assert rui.get(f"{draft}/draft.json").location == f"/account/prove?next={draft}/draft.json"
    with store.write() as session:
        for row in session.query(UserSession):
            row.revoked_at = clock()
        record(session, "session.revoke", actor="olaf", now=clock())
    assert rui.get(draft).location == f"/sign-in?next={draft}"
    back = signed_in(cast.rui)
    assert "to do" not in text_of(back.get(draft))
    saved = back.get(f"{draft}/draft.json")
    assert json.loads(saved.text)["narrative"] == f"Sold addresses. {PAYLOAD}"
    assert "attachment" in saved.headers["Content-Disposition"]


@pytest.mark.long
def test_a_report_that_was_signed_on_the_command_line_is_handed_in(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    rui, draft = signed_in(cast.rui), kept(store, cast, clock)
    page = rui.post(f"{draft}/file", data={**token(rui), "signed": (BytesIO(b"{}"), "x.json")})
    assert problems_of(page) == ["Choose the file that zilu report sign has written."]
    signed = json.dumps({"report": sign(cast.rui, claims(cast.rui, tag_of(holder), clock())), "contact": {}}).encode()
    for _press in range(2):
        filed = rui.post(f"{draft}/file", data={**token(rui), "signed": (BytesIO(signed), "x.json")})
        assert filed.location == f"/reports/{reports(store)[0].id}"
    assert len(reports(store)) == 1


@pytest.mark.long
def test_a_report_is_written_anew_until_it_is_screened_and_can_be_taken_back(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    filing = Filing(store, cast, holder, clock(), tag_of(holder)).countersigned(clock())
    rui, path = signed_in(cast.rui), f"/reports/{filing.id}"
    draft = str(rui.post(f"{path}/draft", data=token(rui)).location)
    said = seen(rui, f"{draft}/steps/narrative", {"narrative": "Put more plainly."})
    assert submit(rui, f"{draft}/steps/narrative", said).location == draft
    signed = signed_by(cast.rui, rui.get(f"{draft}/sign").text, filing.tag)
    assert send(rui, f"{draft}/sign", f"{draft}/signed", {"token": signed}).json == {"next": path}
    assert filing.report().state is State.FILED
    assert "Put more plainly." in text_of(rui.get(path))
    assert problems_of(submit(rui, f"{path}/withdrawal", {"reason": ""})) == ["Enter why."]
    assert submit(rui, f"{path}/withdrawal", {"reason": "It was somebody else."}).location == path
    assert filing.report().state is State.WITHDRAWN
    assert rui.post(f"{path}/draft", data=token(rui)).status_code == 404


@pytest.mark.long
def test_annexes_are_sealed_and_witnesses_named(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    rui, draft = signed_in(cast.rui), kept(store, cast, clock)
    page = rui.post(f"{draft}/annexes", data=token(rui))
    assert problems_of(page) == ["Select the exhibit that is its redacted copy."]
    page = rui.post(f"{draft}/annexes", data={**token(rui), "copy": SHA256})
    assert problems_of(page) == ["Choose the file."]
    page = rui.post(f"{draft}/annexes", data={**token(rui), "copy": SHA256, "file": (BytesIO(EXHIBIT), "a.csv")})
    assert problems_of(page) == ["This is the copy itself. Choose the file that the copy was made of."]
    page = rui.post(f"{draft}/annexes", data={**token(rui), "copy": SHA256, "file": (BytesIO(b"PK\3\4"), "a.zip")})
    assert "File 1 was not taken" in problems_of(page)[0]
    whole = {"copy": SHA256, "file": (BytesIO(ANNEX), "whole.csv")}
    assert rui.post(f"{draft}/annexes", data={**token(rui), **whole}).location == f"{draft}/annexes"
    assert "Exhibit 1 has a sealed annex." in text_of(rui.get(f"{draft}/annexes"))
    assert problems_of(submit(rui, f"{draft}/witnesses", {})) == [
        "Enter the name.",
        "Enter how to reach them.",
        "Enter what they are.",
    ]
    witness = {"name": "Zhou Wu", "contact": f"depot {PAYLOAD}", "role": "shift leader"}
    page = submit(rui, f"{draft}/witnesses", {**witness, "contact": NUMBER})
    assert "must not hold an identity number" in problems_of(page)[0]
    for _press in range(2):
        assert submit(rui, f"{draft}/witnesses", witness).location == f"{draft}/witnesses"
    said = statement_on(rui.get(f"{draft}/sign").text)
    assert (said["annexes"], said["witnesses"]) == (ANNEXES, [witness])
    signed = signed_by(cast.rui, rui.get(f"{draft}/sign").text, tag_of(holder))
    assert send(rui, f"{draft}/sign", f"{draft}/signed", {"token": signed}).status_code == 200
    other = kept(store, cast, clock)
    assert submit(rui, f"{other}/witnesses", witness).status_code == 302
    assert rui.post(f"{other}/witnesses/1/removal", data=token(rui)).location == f"{other}/witnesses"
    assert "witnesses" not in statement_on(rui.get(f"{other}/sign").text)
    assert rui.post(f"{other}/witnesses/1/removal", data=token(rui)).status_code == 404


def test_other_members_see_nothing_of_it(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    filing, draft = Filing(store, cast, holder, clock()), kept(store, cast, clock)
    ben, bao = signed_in(cast.ben), signed_in(cast.bao)
    assert filing.number not in ben.get("/reports").text + bao.get("/reports").text
    path = f"/reports/{filing.id}"
    assert [ben.get(page).status_code for page in (path, f"{path}/exhibits/1", f"{path}/withdrawal")] == [403] * 3
    assert bao.get(f"{path}/countersignature").status_code == 403
    assert ben.get(draft).status_code == 404
