"""The whole way of a report through the API, with the tokens of those who go it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from registry import base64url, policy
from registry.appeals.listing import list_due
from registry.clock import rfc3339
from registry.db import Store, new_id
from registry.entries.actions import void
from registry.entries.models import Entry
from registry.keys.holder import Holder
from registry.policy import RESPONSE_WINDOW
from registry.signing import keys
from tests.app_fixture import app  # noqa: F401 - a fixture
from tests.cast import Cast, Person
from tests.conftest import ISSUER, MovingClock
from tests.filing import CONTACT, EXHIBIT, NUMBER, OTHER_NUMBER, SHA256, claims, sign, tag_of
from tests.paper import pages_of

HOUR = timedelta(hours=1)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Api:
    """Requests by name: `api("rui", "GET", "/api/v1/reports/…")` signs rui in first."""

    def __init__(self, app: APIFlask, cast: Cast, clock: MovingClock) -> None:  # noqa: F811
        self.client, self.cast, self.clock = app.test_client(), cast, clock

    def __call__(self, name: str, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token(self.cast[name])}"}
        if body is not None:
            more["json"] = body
        return self.client.open(path, method=method, headers=headers, **more)

    def token(self, person: Person) -> str:
        assert person.client_key is not None
        issued = int(self.clock().timestamp())
        claimed = {"iss": person.actor.id, "sub": person.actor.id, "aud": ISSUER, "jti": new_id()}
        assertion = jwt.encode(
            {**claimed, "iat": issued, "exp": issued + 120},
            person.client_key,
            algorithm="EdDSA",
            headers={"kid": keys.thumbprint(person.client_key.public_key())},
        )
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
        answer = self.client.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])


@pytest.fixture
def api(app: APIFlask, cast: Cast, clock: MovingClock) -> Api:  # noqa: F811
    return Api(app, cast, clock)


@pytest.fixture
def tag(holder: Holder) -> bytes:
    return tag_of(holder)


def put(api: Api, name: str = "rui", data: bytes = EXHIBIT, sha256: str | None = None) -> TestResponse:
    digest = sha256 or hashlib.sha256(data).hexdigest()
    return api(name, "PUT", f"/api/v1/exhibits/{digest}", data=data, content_type="text/csv")


def file(api: Api, token: str, contact: Mapping[str, object] = CONTACT, name: str = "rui") -> TestResponse:
    return api(name, "POST", "/api/v1/reports", {"report": token, "contact": dict(contact)})


def filed(api: Api, tag: bytes) -> dict[str, Any]:
    assert put(api).status_code == 200
    answer = file(api, sign(api.cast.rui, claims(api.cast.rui, tag, api.clock())))
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def confirm(api: Api, report: dict[str, Any], tag: bytes) -> TestResponse:
    """Read the report, then countersign what was read."""
    path = f"/api/v1/reports/{report['id']}"
    payload = {
        "iss": "acme",
        "aud": ISSUER,
        "jti": new_id(),
        "iat": int(api.clock().timestamp()),
        "sub": base64url.encode(tag),
        "report": api("ana", "GET", path).json["digest"],
    }
    token = sign(api.cast.ana, payload, "countersignature+jwt")
    return api("ana", "POST", f"{path}/countersignature", {"countersignature": token})


def screened(api: Api, report: dict[str, Any]) -> TestResponse:
    body = {"verdict": "accept", "reasons": "In scope."}
    return api("sol", "POST", f"/api/v1/reports/{report['id']}/screening", body)


def letter_of(api: Api, report: dict[str, Any]) -> str:
    letters = api("cleo", "GET", "/api/v1/letters").json["letters"]
    return str(next(letter["id"] for letter in letters if letter["case"] == report["case"]))


def served(api: Api, letter: str, on: datetime) -> TestResponse:
    body = {"channel": "in-person", "on": rfc3339(on), "proof": "signed by the person"}
    return api("cleo", "POST", f"/api/v1/letters/{letter}/service", body)


def listed(api: Api, tag: bytes, store: Store) -> Entry:
    report = filed(api, tag)
    confirm(api, report, tag)
    screened(api, report)
    letter = letter_of(api, report)
    api("cleo", "GET", f"/api/v1/letters/{letter}")
    served(api, letter, api.clock())
    with store.write() as session:
        (entry,) = list_due(session, now=api.clock.move(RESPONSE_WINDOW))
        return entry


def test_a_report_goes_all_the_way(api: Api, tag: bytes, store: Store, clock: MovingClock) -> None:
    report = filed(api, tag)
    assert report["state"] == "filed"
    assert confirm(api, report, tag).json["state"] == "countersigned"
    (item,) = api("sol", "GET", "/api/v1/docket").json["reports"]
    assert (item["id"], item["member"], item["level"]) == (report["id"], "acme", 2)
    exhibit = api("sol", "GET", f"/api/v1/reports/{report['id']}/exhibits/{SHA256}")
    assert (exhibit.data, exhibit.mimetype) == (EXHIBIT, "text/csv")
    assert exhibit.headers["Content-Disposition"] == "attachment"
    assert screened(api, report).json["state"] == "screened"
    letter = letter_of(api, report)
    page = api("cleo", "GET", f"/api/v1/letters/{letter}")
    assert page.mimetype == "text/html"
    assert report["case"] in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    answer = served(api, letter, clock.move(HOUR)).json
    assert answer["state"] == "noticed"
    assert answer["window_closes_at"] == rfc3339(clock() + RESPONSE_WINDOW)
    with store.write() as session:
        (entry,) = list_due(session, now=clock.move(RESPONSE_WINDOW))
    details = api("rui", "GET", f"/api/v1/reports/{report['id']}").json
    assert (details["state"], details["screening"]["verdict"]) == ("listed", "accept")
    assert "sub" not in details["statement"]
    assert api("rui", "GET", f"/api/v1/entries/{entry.id}").json["state"] == "listed"


def test_the_same_statement_again_answers_200_with_the_same_report(api: Api, tag: bytes) -> None:
    put(api)
    token = sign(api.cast.rui, claims(api.cast.rui, tag, api.clock()))
    first, again = file(api, token), file(api, token)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_a_mistyped_number_is_a_conflict_and_changes_nothing(api: Api, tag: bytes, holder: Holder) -> None:
    report = filed(api, tag)
    refused = confirm(api, report, tag_of(holder, OTHER_NUMBER))
    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/number-differs"
    assert refused.json["errors"][0]["pointer"] == "sub"
    assert api("rui", "GET", f"/api/v1/reports/{report['id']}").json["state"] == "filed"


def test_a_withdrawal(api: Api, tag: bytes) -> None:
    report = filed(api, tag)
    path = f"/api/v1/reports/{report['id']}/withdrawal"
    assert api("ben", "POST", path, {"reason": "r"}).status_code == 403
    assert api("rui", "POST", path, {"reason": "Wrong person."}).json["state"] == "withdrawn"
    assert api("rui", "POST", path, {"reason": "Again."}).status_code == 409


def test_a_replaced_letter_is_a_new_one(api: Api, tag: bytes) -> None:
    report = filed(api, tag)
    confirm(api, report, tag)
    screened(api, report)
    letter = letter_of(api, report)
    sheets = api("cleo", "GET", f"/api/v1/letters/{letter}/pdf")
    assert (sheets.content_type, sheets.headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert report["case"] in pages_of(sheets.data)[0]
    new = api("cleo", "POST", f"/api/v1/letters/{letter}/replacement", {"reason": "came back"})
    assert (new.status_code, new.json["state"], new.json["case"]) == (201, "drafted", report["case"])
    assert letter_of(api, report) == new.json["id"] != letter


# Who may


WHO_MAY = {
    ("GET", "/api/v1/docket"): {"sol", "lin", "uma", "cem", "dag", "eva", "pia", "tao"},
    ("GET", "/api/v1/letters"): {"cleo"},
    ("GET", "/api/v1/letters/{letter}"): {"cleo"},
    ("GET", "/api/v1/letters/{letter}/pdf"): {"cleo"},
    ("GET", "/api/v1/reports/{report}"): {"rui", "ana", "sol", "rex"},
    ("GET", f"/api/v1/reports/{{report}}/exhibits/{SHA256}"): {"rui", "ana", "rex"},
    ("GET", "/api/v1/entries"): {"rex"},
}


def test_each_address_serves_its_people_and_refuses_all_others(api: Api, tag: bytes) -> None:
    report = filed(api, tag)
    confirm(api, report, tag)
    screened(api, report)
    names = {"report": report["id"], "letter": letter_of(api, report)}
    people = [name for name, person in api.cast.items() if person.client_key is not None]
    for (method, path), allowed in WHO_MAY.items():
        given = {name: api(name, method, path.format(**names)).status_code for name in people}
        assert given == {name: 200 if name in allowed else 403 for name in people}, path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/reports"),
        ("PUT", f"/api/v1/exhibits/{SHA256}"),
        ("GET", "/api/v1/docket"),
        ("GET", "/api/v1/letters"),
        ("GET", "/api/v1/entries"),
        ("GET", "/api/v1/entries/x"),
        ("POST", "/api/v1/reports/x/screening"),
        ("POST", "/api/v1/letters/x/service"),
        ("POST", "/api/v1/letters/x/replacement"),
    ],
)
def test_nobody_without_a_token(api: Api, method: str, path: str) -> None:
    assert api.client.open(path, method=method, json={}).status_code == 401


def test_an_entry_is_read_by_those_who_know_of_it(api: Api, tag: bytes, store: Store) -> None:
    entry = listed(api, tag, store)
    given = {
        name: api(name, "GET", f"/api/v1/entries/{entry.id}").status_code
        for name in ("rui", "ana", "rex", "hana", "ben", "sol")
    }
    assert given == {"rui": 200, "ana": 200, "rex": 200, "hana": 404, "ben": 404, "sol": 403}
    assert [e["id"] for e in api("rex", "GET", "/api/v1/entries").json["entries"]] == [entry.id]
    assert api("rex", "GET", f"/api/v1/entries?after={entry.id}").json == {"entries": [], "next": None}
    with store.write() as session:
        row = session.get_one(Entry, entry.id)
        void(session, row, actor_id="panel", now=api.clock(), reason="Wrong person.")
    assert api("rui", "GET", f"/api/v1/entries/{entry.id}").json["state"] == "voided"


# Bad input


def refused(answer: TestResponse, status: int, pointer: str | None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = dict(answer.json)
    assert problem.get("errors", [{"pointer": None}])[0]["pointer"] == pointer
    for secret in (NUMBER, "canary"):
        assert secret not in json.dumps(problem)
    return problem


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("report", {"contact": dict(CONTACT)}),
        ("contact", {"report": "x"}),
        ("contact.name", {"report": "x", "contact": {"address": "A", "language": "zh"}}),
        ("report", {"report": NUMBER * 9_000, "contact": dict(CONTACT)}),
        ("signature", {"report": NUMBER, "contact": dict(CONTACT)}),
    ],
)
def test_a_body_that_does_not_fit_is_named_and_not_repeated(api: Api, pointer: str, body: dict[str, Any]) -> None:
    refused(api("rui", "POST", "/api/v1/reports", body), 422, pointer)


def test_a_wrong_claim_is_named(api: Api, tag: bytes) -> None:
    put(api)
    token = sign(api.cast.rui, claims(api.cast.rui, tag, api.clock(), narrative=f"It was {NUMBER}."))
    refused(file(api, token), 422, "narrative")


def test_an_exhibit_that_does_not_fit_is_refused(api: Api) -> None:
    refused(put(api, sha256="ab" * 32), 422, "sha256")
    refused(put(api, data=b"PK\x03\x04" + bytes(50)), 422, "exhibit")
    refused(put(api, data=b""), 422, "exhibit")
    refused(put(api, data=b"x" * (policy.EXHIBIT_BYTES + 1)), 422, "exhibit")
    assert put(api, data=b"x" * policy.EXHIBIT_BYTES).status_code == 200


@pytest.mark.parametrize(
    ("pointer", "change"),
    [
        ("verdict", {"verdict": "canary"}),
        ("ground", {"verdict": "refuse"}),
        ("ground", {"verdict": "refuse", "ground": "canary"}),
        ("reasons", {"reasons": NUMBER}),
        ("reasons", {"reasons": "x" * 2_001}),
    ],
)
def test_a_screening_that_does_not_fit_is_refused(api: Api, tag: bytes, pointer: str, change: dict[str, Any]) -> None:
    report = filed(api, tag)
    confirm(api, report, tag)
    body = {"verdict": "accept", "reasons": "r", **change}
    refused(api("sol", "POST", f"/api/v1/reports/{report['id']}/screening", body), 422, pointer)


@pytest.mark.parametrize(
    ("pointer", "change"),
    [
        ("channel", {"channel": "canary"}),
        ("on", {"on": "canary"}),
        ("on", {"on": "2026-03-02T10:00:00"}),
        ("on", {"on": "2030-01-01T00:00:00Z"}),
        ("on", {"on": "2020-01-01T00:00:00Z"}),
        ("proof", {"proof": NUMBER}),
        ("proof", {"proof": ""}),
    ],
)
def test_a_service_that_does_not_fit_is_refused(api: Api, tag: bytes, pointer: str, change: dict[str, Any]) -> None:
    report = filed(api, tag)
    confirm(api, report, tag)
    screened(api, report)
    letter = letter_of(api, report)
    api("cleo", "GET", f"/api/v1/letters/{letter}")
    body = {"channel": "in-person", "on": rfc3339(api.clock()), "proof": "p", **change}
    refused(api("cleo", "POST", f"/api/v1/letters/{letter}/service", body), 422, pointer)


@pytest.mark.parametrize("path", ["/api/v1/reports/{}", "/api/v1/reports/{}/exhibits/x", "/api/v1/entries/{}"])
@pytest.mark.parametrize("name", ["x", "0" * 32, NUMBER])
def test_an_unknown_name_is_not_found_and_not_repeated(api: Api, path: str, name: str) -> None:
    refused(api("rui", "GET", path.format(name)), 404, None)
