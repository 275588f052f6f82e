"""A restrained member sees why it files less and what ends it; a regulator sees all and lifts one, for reasons."""

from __future__ import annotations

import re
from datetime import timedelta

from registry import policy
from registry.db import Store
from registry.restraints import actions
from registry.restraints.models import Restraint
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.pages import problems_of, submit, text_of


def test_it_is_explained_to_the_member_and_lifted_by_a_regulator(
    signed_in: SignIn, store: Store, cast: Cast, clock: MovingClock
) -> None:
    with store.write() as session:
        for member, fell, since in (("acme", 3, clock()), ("birch", 5, clock.move(timedelta(minutes=1)))):
            actions.impose(session, member_id=member, decided=10, overturned=fell, now=since)
    for name in ("adam", "rui", "ana"):
        page = signed_in(cast[name])
        assert 'href="/restraints"' in page.get("/home").text
        text = text_of(page.get("/restraints"))
        assert "Acme files less since 2 March 2026, 09:00 UTC: of 10 listings that were decided on, 3" in text
        assert "(30%)" in text
        assert "A regulator lifts it" in text
        assert "Birch" not in text
    assert "It files nothing until" in text_of(signed_in(cast.ben).get("/restraints"))
    assert signed_in(cast.hana).get("/restraints").status_code == 403
    rex = signed_in(cast.rex)
    (acme, birch) = re.findall(r'href="(/restraints/[0-9a-f]{32}/lifting)"', rex.get("/restraints").text)
    assert signed_in(cast.rui).get(acme).status_code == 403
    assert problems_of(submit(rex, acme, {})) == ["Enter your reasons."]
    assert problems_of(submit(rex, acme, {"reasons": "About 11010519491231002X."}))
    assert submit(rex, acme, {"reasons": "They have trained their people."}).location == "/restraints"
    text = text_of(rex.get("/restraints"))
    assert "Birch" in text
    assert "Acme" not in text
    assert rex.get(acme).status_code == 404
    assert "None is in force for your company." in text_of(signed_in(cast.adam).get("/restraints"))
    with store.read() as session:
        lifted = session.query(Restraint).filter_by(member_id="acme").one()
    assert lifted.lifted_by == cast.rex.actor.id
    clock.move(policy.PROOF_LIFE)
    assert (rex.get(birch).location or "").startswith("/account/prove")
