"""An appeal through the API, with the tokens of those who work on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from registry.appeals.rules import State
from registry.db import new_id
from registry.entries.rules import State as EntryState
from registry.signing import keys
from tests.app_fixture import running
from tests.cast import Person
from tests.conftest import ISSUER
from tests.filing import NUMBER
from tests.unit.appeals.contest import Contest

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def said(response: TestResponse) -> Any:
    """The answer's JSON."""
    return response.json


class Api:
    """Requests by name: `api("rui", "GET", "/api/v1/appeals")` signs rui in first."""

    def __init__(self, app: APIFlask, contest: Contest) -> None:
        self.client, self.contest = app.test_client(), contest

    def __call__(self, name: str, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self._token(self.contest.cast[name])}"}
        return self.client.open(path, method=method, headers=headers, json=body)

    def appeal(self, name: str, method: str, verb: str = "", body: Any = None) -> TestResponse:
        return self(name, method, f"/api/v1/appeals/{self.contest.appeal().id}{verb}", body)

    def _token(self, person: Person) -> str:
        assert person.client_key is not None
        issued = int(self.contest.now.timestamp())
        claimed = {"iss": person.actor.id, "sub": person.actor.id, "aud": ISSUER, "jti": new_id()}
        assertion = jwt.encode(
            {**claimed, "iat": issued, "exp": issued + 120},
            person.client_key,
            algorithm="EdDSA",
            headers={"kid": keys.thumbprint(person.client_key.public_key())},
        )
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
        return str(said(self.client.post("/oauth/token", data=form))["access_token"])


@pytest.fixture
def api(contest: Contest) -> Iterator[Api]:
    with running(contest.store, contest.clock, contest.holder) as app:
        yield Api(app, contest)


def names(contest: Contest) -> list[str]:
    """Who sits, by the names of the cast."""
    by_account = {person.actor.id: name for name, person in contest.cast.items()}
    return [by_account[seat.account_id] for seat in contest.seats()]


def test_an_appeal_goes_its_whole_way(api: Api, contest: Contest) -> None:
    contest.lodge()
    attested = api(
        "vera", "POST", f"/api/v1/cases/{contest.number}/attestations", {"attestation": contest.attestation()}
    )
    assert attested.status_code == 201
    waiting = said(api("cleo", "GET", "/api/v1/appeals"))["appeals"]
    assert [(each["case"], each["state"], each["overdue"]) for each in waiting] == [(contest.number, "proofed", [])]
    admitted = api.appeal("cleo", "POST", "/admission", {"verdict": "admit", "reasons": "In time."})
    assert said(admitted) == {"id": contest.appeal().id, "state": "admitted"}
    contest.draw()
    assert said(api.appeal("rui", "POST", "/answer", {"answer": contest.answer_token()}))["state"] == "answered"
    panel = names(contest)
    assert said(api.appeal(panel[0], "POST", "/hearing", {"notes": "All were heard."}))["state"] == "heard"
    for name in panel[:2]:
        vote = api.appeal(name, "POST", "/votes", {"choice": "void", "reasons": "Not shown."})
        assert (vote.status_code, said(vote)["state"]) == (201, "heard")
        assert said(api.appeal(name, "GET"))["decision"] is None
    api.appeal(panel[2], "POST", "/votes", {"choice": "keep", "reasons": "Shown."})
    assert contest.entry().state is EntryState.VOIDED
    details = said(api.appeal("rui", "GET"))
    assert details["state"] == "closed"
    assert details["decision"]["choice"] == "void"
    assert sorted(vote["choice"] for vote in details["decision"]["votes"]) == ["keep", "void", "void"]
    assert details["report"] is None
    assert details["seats"] == []


def test_a_panelist_reads_the_report_without_the_tag(api: Api, contest: Contest) -> None:
    contest.seated()
    details = said(api.appeal(names(contest)[0], "GET"))
    assert details["report"]["offence"] == "sale"
    assert "sub" not in details["report"]
    assert len(details["seats"]) == 3


def test_a_panelist_steps_down_and_declares_an_interest(api: Api, contest: Contest) -> None:
    contest.seated()
    leaver = names(contest)[0]
    assert api.appeal(leaver, "POST", "/stepping-down").status_code == 200
    assert leaver not in names(contest)
    assert api(leaver, "POST", "/api/v1/interests", {"member": "acme"}).status_code == 201
    assert api(leaver, "POST", "/api/v1/interests", {"case": contest.number}).status_code == 201
    assert api.appeal(leaver, "GET").status_code == 404


def test_a_refusal_ends_it(api: Api, contest: Contest) -> None:
    contest.lodge().attest()
    body = {"verdict": "refuse", "ground": "another-matter", "reasons": "It is about wages."}
    for wrong in ({"ground": None}, {"ground": "repeated"}, {"ground": "late"}, {"verdict": "admit"}):
        assert api.appeal("cleo", "POST", "/admission", {**body, **wrong}).status_code == 422, wrong
    refused = api.appeal("cleo", "POST", "/admission", body)
    assert said(refused)["state"] == "inadmissible"


@pytest.mark.parametrize(
    ("who", "verb", "body", "status"),
    [
        ("cleo", "/admission", {"verdict": "perhaps", "reasons": "r"}, 422),
        ("cleo", "/admission", {"verdict": "admit", "reasons": "r", "more": NUMBER}, 422),
        ("cleo", "/admission", {"verdict": "admit", "reasons": f"He is {NUMBER}."}, 422),
        ("rui", "/admission", {"verdict": "admit", "reasons": "r"}, 403),
        ("rui", "/answer", {"answer": NUMBER}, 422),
        ("ben", "/answer", {"answer": "a.b.c"}, 403),
        ("cem", "/hearing", {"notes": "n"}, 403),
        ("eva", "/votes", {"choice": "void", "reasons": "r"}, 403),
        ("cem", "/votes", {"choice": NUMBER, "reasons": "r"}, 422),
        ("cem", "/votes", {"choice": "shorten", "reasons": "r", "term_days": 0}, 422),
        ("cem", "/stepping-down", None, 403),
    ],
)
def test_what_is_not_in_order_is_one_problem_and_changes_nothing(
    api: Api, contest: Contest, who: str, verb: str, body: Any, status: int
) -> None:
    contest.lodge().attest()
    refused = api.appeal(who, "POST", verb, body)
    assert refused.status_code == status
    assert refused.content_type == "application/problem+json"
    assert NUMBER not in refused.text
    assert contest.appeal().state is State.PROOFED


def test_an_appeal_that_is_not_there_is_not_found(api: Api, contest: Contest) -> None:
    contest.lodge()
    for method, verb, body in (("GET", "", None), ("POST", "/admission", {"verdict": "admit", "reasons": "r"})):
        assert api("cleo", method, f"/api/v1/appeals/{'0' * 32}{verb}", body).status_code == 404


def test_nobody_reads_the_docket_without_a_token(api: Api) -> None:
    assert api.client.get("/api/v1/appeals").status_code == 401
