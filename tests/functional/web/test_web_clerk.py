"""The registry office at its desk: letters, their service, time to answer, appeals admitted or refused."""

from __future__ import annotations

import re
from datetime import date, timedelta

from registry.appeals.rules import State
from registry.db import Store
from registry.keys.holder import Holder
from registry.notices.actions import routes_of
from registry.notices.models import Notice
from registry.notices.rules import Route
from registry.notices.rules import State as LetterState
from registry.policy import RESPONSE_WINDOW
from registry.reports.rules import State as ReportState
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import Filing, any_tag
from tests.pages import problems_of, submit, text_of, token_of

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


def on(day: date) -> dict[str, str]:
    return {"on-year": str(day.year), "on-month": str(day.month), "on-day": str(day.day)}


def letter_of(store: Store, letter_id: str) -> Notice:
    with store.read() as session:
        return session.get_one(Notice, letter_id)


def test_a_letter_is_printed_sent_and_served(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    filing = Filing(store, cast, holder, clock()).countersigned(clock()).screened(clock())
    cleo, letter = signed_in(cast.cleo), filing.letter_id()
    path = f"/clerk/letters/{letter}"
    assert "/clerk" in cleo.get("/home").text
    desk = cleo.get("/clerk")
    assert f"{filing.number} Print the letter and send it" in text_of(desk)
    today = on(clock().date())
    said = {**today, "proof": "XB 1234", "way": "post"}
    assert "only one that was printed is sent" in problems_of(submit(cleo, f"{path}/attempt", said))[0]
    token = {"csrf_token": token_of(cleo, path)}
    page = cleo.post(f"{path}/page", data=token)
    assert CODE.search(page.text)
    assert page.headers["Content-Security-Policy"].endswith("sandbox")
    assert page.headers["Cache-Control"] == "no-store"
    assert cleo.post(f"{path}/pdf", data=token).data.startswith(b"%PDF")
    assert letter_of(store, letter).state is LetterState.PRINTED
    for shown in (path, "/clerk", f"/clerk/cases/{filing.number}"):
        assert not CODE.search(cleo.get(shown).text)  # it stands in the letter alone
    assert f"{filing.number} Record its service" in text_of(cleo.get("/clerk"))
    missing = ["Enter the day.", "Enter how you know.", "Select how it was sent."]
    assert problems_of(submit(cleo, f"{path}/attempt", {})) == missing
    assert submit(cleo, f"{path}/attempt", said).location == path
    assert "noted on this route before" in problems_of(submit(cleo, f"{path}/attempt", said))[0]
    with store.read() as session:
        assert routes_of(session, notice_id=letter) == {Route.POST}
    served = {**said, "way": "registered-post"}
    tomorrow = {**served, **on(clock().date() + timedelta(days=1))}
    assert "must not be in the future" in problems_of(submit(cleo, f"{path}/service", tomorrow))[0]
    yesterday = {**served, **on(clock().date() - timedelta(days=1))}
    assert "before the letter was printed" in problems_of(submit(cleo, f"{path}/service", yesterday))[0]
    assert submit(cleo, f"{path}/service", served).location == path
    assert filing.report().state is ReportState.NOTICED
    assert filing.report().window_closes_at == clock() + RESPONSE_WINDOW
    assert filing.number not in text_of(cleo.get("/clerk"))
    refused = cleo.post(f"{path}/page", data=token)
    assert refused.status_code == 409
    assert "not shown again" in text_of(refused)
    assert problems_of(submit(cleo, f"{path}/replacement", {})) == ["Enter why."]
    new = submit(cleo, f"{path}/replacement", {"reason": "It was lost."}).location
    assert letter_of(store, letter).state is LetterState.REPLACED
    assert letter_of(store, new.rpartition("/")[2]).state is LetterState.DRAFTED
    again = submit(cleo, f"{path}/replacement", {"reason": "It was lost."})
    assert "annot return this" in problems_of(again)[0]


def test_more_time_is_given_once_and_only_while_it_runs(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock, accused: Accused
) -> None:
    late = Filing(store, cast, holder, clock(), any_tag(5)).noticed(clock())
    cleo, path = signed_in(cast.cleo), f"/clerk/cases/{accused.case_number}"
    assert problems_of(submit(cleo, "/clerk", {"case": "none"})) == ["Enter a case number, for example ZL-7F3K-9QX2."]
    assert submit(cleo, "/clerk", {"case": accused.case_number.lower()}).location == path
    assert "Give more time to answer" in text_of(cleo.get(path))
    extend = f"{path}/extension"
    assert problems_of(submit(cleo, extend, {"days": "16"})) == [
        "Enter a whole number of days from 1 to 15.",
        "Enter your reasons.",
    ]
    asked = {"days": "10", "reasons": "They are in hospital."}
    assert submit(cleo, extend, asked).location == path
    assert accused.filing.report().window_closes_at == clock() + RESPONSE_WINDOW + timedelta(days=10)
    assert "It was extended by 10 days" in text_of(cleo.get(path))
    assert "extended once" in problems_of(submit(cleo, extend, asked))[0]
    clock.move(RESPONSE_WINDOW)
    cleo = signed_in(cast.cleo)
    too_late = problems_of(submit(cleo, f"/clerk/cases/{late.number}/extension", asked))[0]
    assert "the subject may still answer late, for reasons" in too_late


def test_an_appeal_is_refused_only_on_a_ground_that_can_be_one_or_admitted(
    signed_in: SignIn, cast: Cast, accused: Accused
) -> None:
    accused.lodged()
    cleo, path = signed_in(cast.cleo), f"/clerk/appeals/{accused.appeal().id}"
    assert "Waits for a verifier to confirm the person" in text_of(cleo.get("/clerk"))
    assert "I was away." in text_of(cleo.get(path))
    admission = f"{path}/admission"
    admit = {"verdict": "admit", "reasons": "In time."}
    assert "annot admit this appeal" in problems_of(submit(cleo, admission, admit))[0]
    accused.proofed()
    assert f"{accused.case_number} Admit or refuse the appeal" in text_of(cleo.get("/clerk"))
    assert problems_of(submit(cleo, admission, {})) == ["Select what you decide.", "Enter your reasons."]
    refuse = {"verdict": "refuse", "reasons": "It is the same again."}
    assert problems_of(submit(cleo, admission, refuse)) == ["Select one ground."]
    wrong = problems_of(submit(cleo, admission, {**refuse, "ground": "repeated"}))
    assert "no panel has decided an appeal of this case" in wrong[0]
    assert submit(cleo, admission, admit).location == path
    assert accused.appeal().state is State.ADMITTED
    page = text_of(cleo.get(path))
    assert "In time." in page
    assert "The draw waits for the person’s number" in page
    assert "sold them to a collector" not in page  # the report is not theirs to read
    assert "The draw waits for the person’s number" in text_of(cleo.get("/clerk"))
    assert "annot admit this appeal" in problems_of(submit(cleo, admission, admit))[0]


def test_an_appeal_that_contests_nothing_is_refused(signed_in: SignIn, cast: Cast, accused: Accused) -> None:
    accused.lodged().proofed()
    cleo, path = signed_in(cast.cleo), f"/clerk/appeals/{accused.appeal().id}"
    said = {"verdict": "refuse", "ground": "another-matter", "reasons": "It is about wages."}
    assert submit(cleo, f"{path}/admission", said).location == path
    assert accused.appeal().state is State.INADMISSIBLE
    assert "It contests nothing that the report says." in text_of(cleo.get(path))
    assert accused.case_number not in text_of(cleo.get("/clerk"))


def test_nobody_else_has_the_desk(signed_in: SignIn, cast: Cast, accused: Accused) -> None:
    accused.lodged().proofed()
    with accused.store.read() as session:
        letter = session.query(Notice).one().id
    appeal, case = f"/clerk/appeals/{accused.appeal().id}", f"/clerk/cases/{accused.case_number}"
    letters = [f"/clerk/letters/{letter}{verb}" for verb in ("", "/service", "/attempt", "/replacement")]
    old = ("/admissions", f"/admissions/{accused.appeal().id}")
    assert [signed_in(cast.cleo).get(path).location for path in old] == ["/clerk", appeal]
    paths = (*old, "/clerk", *letters, case, f"{case}/extension", appeal, f"{appeal}/admission")
    for name in ("rui", "sol", "cem"):
        client = signed_in(cast[name])
        assert [client.get(path).status_code for path in paths] == [403] * len(paths)
        assert "/clerk" not in client.get("/home").text
