"""Findings and outcomes of checks over the API."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from registry.db import Store
from registry.keys.holder import Holder
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.functional.test_bad_input import bearer
from tests.listing import check, people


def test_a_demand_is_read_answered_and_closed(app: APIFlask, store: Store, cast: Cast, clock: MovingClock) -> None:
    client = app.test_client()

    def call(who: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {bearer(store, cast[who], clock)}"}
        return client.open(f"/api/v1/findings{path}", method=method, json=body, headers=headers)

    made = call("rex", "POST", "", {"member": "birch", "text": "Show the consents."})
    assert made.status_code == 201
    id = made.json["id"]
    assert [row["demand"] for row in call("hana", "GET", "").json["findings"]] == ["Show the consents."]
    assert call("rui", "GET", "").json == {"findings": []}
    assert call("rui", "GET", f"/{id}").status_code == 404
    assert call("rui", "POST", f"/{id}/answer", {"text": "Here."}).status_code == 404
    assert call("hana", "POST", f"/{id}/closure").status_code == 403
    assert call("hana", "POST", f"/{id}/answer", {"text": "Here."}).json["state"] == "answered"
    assert call("rex", "POST", f"/{id}/closure").json["state"] == "closed"
    assert call("hana", "GET", f"/{id}").json["answer"] == "Here."
    assert call("hana", "GET", "").json == {"findings": []}


def test_the_outcome_of_a_hire(app: APIFlask, store: Store, holder: Holder, cast: Cast, clock: MovingClock) -> None:
    id = check(store, holder, people(1), cast.hana.actor, clock()).answers[0]["id"]
    headers = {"Authorization": f"Bearer {bearer(store, cast.hana, clock)}"}
    answer = app.test_client().put(f"/api/v1/checks/{id}/outcome", json={"hired": True}, headers=headers)
    assert answer.json == {"check": id, "hired": True, "kept_until": "2027-03-02T09:00:00Z"}
