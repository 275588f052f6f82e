"""A clerk admits an appeal, or refuses it for one ground of the closed list."""

from __future__ import annotations

from registry.appeals.rules import State
from tests.accused import Accused
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.pages import problems_of, submit, text_of


def test_a_clerk_admits_an_appeal_once(signed_in: SignIn, cast: Cast, accused: Accused) -> None:
    cleo = signed_in(cast.cleo)
    accused.lodged()
    path = f"/admissions/{accused.appeal().id}"
    assert "waits for the proof of identity" in text_of(cleo.get("/admissions"))
    accused.proofed()
    assert "Your decision by 3 March 2026" in text_of(cleo.get("/admissions"))
    page = cleo.get(path)
    assert "I was away." in text_of(page)
    assert "Read by clerk on 2 March 2026" in text_of(page)
    assert "courier" not in text_of(page)  # what the report says is not the clerk's to read
    assert problems_of(submit(cleo, path, {})) == ["Select what you decide.", "Enter your reasons."]
    refusal = {"verdict": "refuse", "reasons": "Nothing new."}
    assert problems_of(submit(cleo, path, refusal)) == ["Select one ground."]
    assert problems_of(submit(cleo, path, {**refusal, "ground": "repeated"})) == [
        "Ground must be another: no panel has decided an appeal of this case."
    ]
    assert submit(cleo, path, {"verdict": "admit", "reasons": "In time."}).location == "/admissions"
    again = submit(cleo, path, {"verdict": "admit", "reasons": "In time."})
    assert "Cannot admit this appeal" in problems_of(again)[0]
    assert accused.appeal().state is State.ADMITTED
    for name in ("rui", "sol", "cem"):
        assert signed_in(cast[name]).get(path).status_code == 403
