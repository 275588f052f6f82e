"""A member's own register of incidents: noted, found again beside its reports, deleted; nobody else's business."""

from __future__ import annotations

import re

from registry import policy
from registry.db import Store
from registry.keys.holder import Holder
from tests.app_fixture import SignIn
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import Filing, tag_of
from tests.pages import problems_of, submit, text_of, token_of


def test_a_note_is_kept_found_beside_its_reports_and_deleted(
    signed_in: SignIn, store: Store, cast: Cast, holder: Holder, clock: MovingClock
) -> None:
    rui, ana = signed_in(cast.rui), signed_in(cast.ana)
    assert "There are none." in text_of(rui.get("/incidents"))
    assert problems_of(submit(rui, "/incidents", {})) == ["Enter your reference.", "Enter a note."]
    kept = {"reference": "INC-7 <b>", "text": "Exports at night.\nWhose?"}
    wrong = submit(rui, "/incidents", {**kept, "text": "It was 11010519491231002X."})
    assert problems_of(wrong) == ["Text must not hold an identity number; leave the number out."]
    assert "It was 11010519491231002X." in wrong.text
    assert submit(rui, "/incidents", kept).location == "/incidents"
    filing = Filing(store, cast, holder, clock(), tag_of(holder), incident="INC-7 <b>")
    page = ana.get("/incidents")
    assert "INC-7 <b> Exports at night. Whose?" in text_of(page)
    assert f"/reports/{filing.id}" in page.text
    assert "INC-7 <b>" not in page.text
    assert "Exports at night." not in signed_in(cast.ben).get("/incidents").text
    for other in (cast.adam, cast.rex, cast.sol):
        assert signed_in(other).get("/incidents").status_code == 403
    removal = re.search(r'action="(/incidents/[0-9a-f]{32}/removal)"', page.text)
    assert removal
    ben = signed_in(cast.ben)
    assert ben.post(removal[1], data={"csrf_token": token_of(ben, "/incidents")}).status_code == 404
    assert ana.post(removal[1], data={"csrf_token": token_of(ana, "/incidents")}).location == "/incidents"
    assert "There are none." in text_of(rui.get("/incidents"))
    submit(rui, "/incidents", kept)
    clock.move(policy.INCIDENT_LIFE)
    assert "There are none." in text_of(signed_in(cast.rui).get("/incidents"))
