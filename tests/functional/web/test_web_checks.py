from __future__ import annotations

from flask.testing import FlaskClient

from registry.db import Store
from registry.findings.models import Finding
from registry.identity.document import parse
from registry.keys.holder import Holder
from tests.accused import Accused
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import check
from tests.pages import text_of


def test_the_person_says_that_they_never_applied(
    subject: FlaskClient, accused: Accused, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    batch = check(store, holder, [parse(accused.number)], cast.hana.actor, clock())
    assert subject.get("/case/checks").status_code == 403
    accused.proofed()
    page = subject.get("/case/checks")
    assert "Birch 2 March 2026, 09:00 UTC hiring declared That there is no entry." in text_of(page)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    path = f"/case/checks/{batch.answers[0]['id']}/never-applied"
    assert subject.post(path).status_code == 400
    assert subject.post(path, data={"csrf_token": token}).location == "/case/checks"
    assert "You say that you never applied: open." in text_of(subject.get("/case/checks"))
    with store.read() as session:
        assert session.query(Finding).one().member_id == "birch"
