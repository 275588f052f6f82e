from __future__ import annotations

from registry.db import Store
from registry.restraints import actions
from tests.app_fixture import app  # noqa: F401 - a fixture
from tests.conftest import MovingClock
from tests.functional.domain.test_reports_api import Api, api

__all__ = ["api"]


def test_a_regulator_lifts_what_the_rates_have_imposed(api: Api, store: Store, clock: MovingClock) -> None:
    with store.write() as session:
        actions.impose(session, member_id="acme", decided=10, overturned=3, now=clock())
    (shown,) = api("rui", "GET", "/api/v1/restraints").json["restraints"]
    assert (shown["state"], shown["decided"], shown["overturned"]) == ("throttled", 10, 3)
    assert api("ben", "GET", "/api/v1/restraints").json == {"restraints": []}
    path = f"/api/v1/restraints/{shown['id']}/lifting"
    assert api("rui", "POST", path, {"reasons": "We are better now."}).status_code == 403
    assert api("rex", "POST", path, {"reasons": " "}).status_code == 422
    assert api("rex", "POST", path, {"reasons": "They retrained."}).json["state"] == "lifted"
    assert api("rui", "GET", "/api/v1/restraints").json == {"restraints": []}
