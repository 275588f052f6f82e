"""A neutral screener reads a file under their name, and decides on a ground of the closed list."""

from __future__ import annotations

from registry.db import Store
from registry.keys.holder import Holder
from registry.reports.rules import State
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import EXHIBIT, Filing, any_tag
from tests.pages import problems_of, submit, text_of

PAYLOAD = "<script>alert(1)</script> \u202egnp.exe"


def test_a_screener_reads_and_decides_on_a_named_ground(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    filing = Filing(store, cast, holder, clock(), narrative=f"Sold. {PAYLOAD}").countersigned(clock())
    waiting = Filing(store, cast, holder, clock(), any_tag(2))
    sol, path = signed_in(cast.sol), f"/screening/{filing.id}"
    docket = text_of(sol.get("/screening"))
    assert filing.number in docket
    assert waiting.number not in docket  # nobody has countersigned it
    page = sol.get(path)
    assert "Read by screener on 2 March 2026, 09:00 UTC." in text_of(page)
    assert 'data-mark="screener · 2 March 2026, 09:00 UTC"' in page.text
    assert "<script>alert" not in page.text
    shown = sol.get(f"{path}/exhibits/1")
    assert "courier-7,300" in text_of(shown)
    assert "Read by screener" in text_of(shown)
    saved = sol.get(f"{path}/exhibits/1/file")
    assert saved.data == EXHIBIT
    assert f'"{filing.number}-exhibit-1-screener-20260302T0900Z.csv"' in saved.headers["Content-Disposition"]
    assert sol.get(f"{path}/exhibits/2").status_code == 404
    assert problems_of(submit(sol, path, {})) == ["Select what you decide.", "Enter your reasons."]
    said = {"verdict": "refuse", "reasons": "Nothing shows who it was."}
    assert problems_of(submit(sol, path, said)) == ["Select one ground."]
    said["ground"] = "no-evidence"
    page = submit(sol, path, said)
    assert "Fact must say which of the 1 alleged facts" in problems_of(page)[0]
    assert "Nothing shows who it was." in page.text
    token = submit(sol, path, {}).text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    decision = {**said, "fact": "1", "csrf_token": token}
    assert sol.post(path, data=decision).location == "/screening"
    again = sol.post(path, data=decision)  # a second press
    assert "Cannot refuse this report" in problems_of(again)[0]
    assert filing.report().state is State.REFUSED
    told = text_of(signed_in(cast.rui).get(f"/reports/{filing.id}"))
    assert "Refused. No evidence shows one of the alleged facts. ( fact 1 )" in told.replace("(fact 1)", "( fact 1 )")
    assert sol.get(f"{path}/exhibits/1").status_code == 403  # it is not theirs to read any more


def test_a_report_of_doubtful_papers_cannot_be_let_through(
    signed_in: SignIn, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    doubtful = Filing(store, cast, holder, clock(), impersonation=True).countersigned(clock())
    sound = Filing(store, cast, holder, clock(), any_tag(2)).countersigned(clock())
    sol = signed_in(cast.sol)
    accept = {"verdict": "accept", "reasons": "Complete and in scope."}
    page = submit(sol, f"/screening/{doubtful.id}", accept)
    assert "the papers may be somebody else's" in problems_of(page)[0]
    assert submit(sol, f"/screening/{sound.id}", accept).location == "/screening"
    assert (doubtful.report().state, sound.report().state) == (State.COUNTERSIGNED, State.SCREENED)
    for name in ("rui", "cem", "rex"):
        assert signed_in(cast[name]).get(f"/screening/{doubtful.id}").status_code == 403
