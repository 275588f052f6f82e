"""A regulator's orders and erasures over the API; the operator's hand is the command line."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from registry import base64url, policy
from registry.db import Store
from registry.erasures import retention
from registry.erasures.models import Erasure
from registry.keys.holder import Holder
from registry.log.sequencer import sequence
from registry.orders import rules
from registry.orders.models import Order
from tests.app_fixture import SECRETS, settings
from tests.authorities import authorities
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import Filing
from tests.functional.test_bad_input import bearer


def test_a_regulator_issues_reads_and_cosigns(
    app: APIFlask, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    client = app.test_client()
    regulator, operator = authorities(store, cast, clock())
    case = Filing(store, cast, holder, clock()).countersigned(clock()).refused(clock())

    def call(who: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {bearer(store, cast[who], clock)}"}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    made = call("rex", "POST", "/orders", {"order": regulator.order(case.number, "preserve", clock(), days=2)})
    assert (made.status_code, made.json["state"], made.json["issued_by"]) == (201, "issued", "regulator")
    assert call("rex", "GET", f"/orders/{made.json['id']}").json["statement"]["authority"].startswith("Chaoyang")
    assert call("rui", "GET", "/orders").status_code == 403
    with store.read() as session:
        order = session.query(Order).one()
    said = regulator.sign(rules.CONFIRMATION, clock(), order=base64url.encode(order.statement_digest))
    refused = call("rex", "POST", f"/orders/{order.id}/confirmation", {"confirmation": said})
    assert (refused.status_code, "two-sides" in refused.text) == (403, True)
    operator.confirm(order, clock())
    assert [row["state"] for row in call("rex", "GET", "/orders").json["orders"]] == ["in-force"]

    words = {"ground": "Article 111", "authority": "The court", "reference": "No. 2"}
    said = regulator.sign(rules.WITHDRAWAL, clock(), order=base64url.encode(order.statement_digest), **words)
    signed = call("rex", "POST", f"/orders/{order.id}/withdrawal", {"withdrawal": said})
    assert (signed.status_code, signed.json["state"]) == (200, "in-force")
    assert call("rex", "GET", f"/orders/{order.id}").json["withdrawal"]["reference"] == "No. 2"
    assert operator.withdraw(order, clock(), **words).state.value == "lifted"
    assert call("rex", "GET", "/orders").json["orders"] == []

    clock.move(policy.KEPT_AFTER[policy.Ending.UNLISTED])
    sequence(store, key=SECRETS.log_key, origin=settings().log_origin, now=clock())
    assert retention.propose_due(store, clock()) == 1
    (listed,) = call("rex", "GET", "/erasures").json["erasures"]
    opened = call("rex", "POST", f"/erasures/{listed['id']}/opening").json
    assert len(opened["acts"]) == listed["count"]
    with store.read() as session:
        token = regulator.cosignature(session.query(Erasure).one(), clock())
    signed = call("rex", "POST", f"/erasures/{listed['id']}/cosignature", {"statement": token})
    assert signed.json["state"] == "cosigned"
    assert call("rex", "POST", "/erasures", {"case": case.number}).status_code == 403
