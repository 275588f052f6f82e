from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry import base64url
from registry.checks.models import Allowance, Check
from registry.client import checking
from registry.client.api import Registry
from registry.db import Store
from registry.errors import Forbidden, Invalid, NotFound, ZiluError
from registry.identity.document import Document
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.log.sequencer import sequence
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import Answering, Connect, Line
from tests.listing import CONSENT, list_person, people

EVALUATIONS, CHECKS = "/api/v1/identity/evaluations", "/api/v1/checks"


class Wire:
    """The requests of a client that is not ours, and the very bytes that come back."""

    def __init__(self, registry: Registry, line: Line) -> None:
        self.registry = registry
        self.answers: list[tuple[str, int, bytes]] = []
        line.through = self._listen

    def _listen(self, request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        self.answers.append((request.url.path, response.status_code, response.content))
        return response

    def body(self, documents: list[Document], **changes: Any) -> dict[str, Any]:
        tags, ticket = checking.tags_of(self.registry, documents)
        sent = [base64url.encode(tag) for tag in tags]
        return {"purpose": "hiring", "consent": CONSENT, "ticket": ticket, "tags": sent} | changes

    def ask(self, documents: list[Document], *, key: str | None = None, **changes: Any) -> dict[str, Any]:
        return self.registry.post(CHECKS, self.body(documents, **changes), key=key)

    def last(self) -> tuple[int, bytes]:
        path, status, content = self.answers[-1]
        assert path == CHECKS
        return status, content


@pytest.fixture
def wire(hana: Registry, line: Line) -> Wire:
    return Wire(hana, line)


def counted(store: Store) -> tuple[int, int, int]:
    """Checks, units charged, acts."""
    with store.read() as session:
        charged = session.scalar(sa.select(sa.func.sum(Allowance.used))) or 0
        checks, acts = (session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in (Check, Act))
    return checks, charged, acts


def test_the_answer_has_the_fixed_names_and_no_others(
    wire: Wire, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    two = people(2)
    entry = list_person(store, holder, cast, two[1], clock())
    answer = wire.ask(two)
    assert answer.keys() == {"absence", "batch", "checks", "receipt"}
    assert [set(each) for each in answer["checks"]] == [{"id", "tag", "outcome", "reference"}] * 2
    assert [each["outcome"] for each in answer["checks"]] == ["no-entry", "entry"]
    assert [each["reference"] for each in answer["checks"]] == [None, entry.id]


def test_an_evaluation_has_the_fixed_names_and_no_others(hana: Registry) -> None:
    element = base64url.encode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
    answer = hana.post(EVALUATIONS, {"key_id": hana.pins.key_id, "elements": [element]})
    assert answer.keys() == {"key_id", "elements", "proof", "ticket"}
    assert len(base64url.decode(answer["proof"], field="proof")) == 64


@pytest.mark.parametrize("listed", [0, 1, 3])
def test_the_answer_is_as_long_whatever_it_says(
    wire: Wire, store: Store, holder: Holder, cast: Cast, clock: MovingClock, listed: int
) -> None:
    three = people(3)
    wire.ask(three)
    nobody = wire.last()[1]
    for person in three[:listed]:
        list_person(store, holder, cast, person, clock())
    answer = wire.ask(three)
    assert sum(each["outcome"] == "entry" for each in answer["checks"]) == listed
    assert len(wire.last()[1]) == len(nobody)


def test_a_retry_gets_the_very_same_bytes_and_costs_nothing(wire: Wire, store: Store, clock: MovingClock) -> None:
    body = wire.body(people(3))
    wire.registry.post(CHECKS, body, key="once")
    first, before = wire.last(), counted(store)
    wire.registry.post(CHECKS, body, key="once")
    assert (wire.last(), counted(store)) == (first, before)
    wire.registry.post(CHECKS, wire.body(people(3)), key="once")  # with another ticket
    assert wire.last() == first
    assert counted(store)[0] == 3


def test_a_retry_gets_the_very_same_bytes_after_the_log_has_grown(wire: Wire, store: Store, clock: MovingClock) -> None:
    body = wire.body(people(1))
    wire.registry.post(CHECKS, body, key="once")
    first = wire.last()
    sequence(store, origin=settings().log_origin, key=SECRETS.log_key, now=clock())
    wire.registry.post(CHECKS, body, key="once")
    assert wire.last() == first


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": "curiosity"}, "purpose"),
        ({"purpose": 5}, "purpose"),
        ({"consent": "granted"}, "consent.group"),
        ({"consent": {"kind": "granted", "reference": "x"}}, "consent.group"),
        ({"consent": {"kind": "declared"}}, "consent.reference"),
        ({"tags": []}, "tags"),
        ({"tags": ["A" * 43]}, "tags"),
        ({"tags": ["110105194912310021"]}, "tags"),
        ({"ticket": "no"}, "ticket"),
        ({"ticket": "x" * 5000}, "ticket"),
    ],
)
def test_a_bad_request_is_refused_by_field_and_changes_nothing(
    wire: Wire, store: Store, changes: dict[str, Any], field: str
) -> None:
    body = wire.body(people(1), **changes)
    before = counted(store)
    with pytest.raises(Invalid) as refused:
        wire.registry.post(CHECKS, body)
    assert refused.value.field == field
    assert counted(store) == before
    assert b"110105194912310021" not in wire.last()[1]


@pytest.mark.parametrize("missing", ["purpose", "consent", "ticket", "tags"])
def test_each_member_of_a_request_is_needed(wire: Wire, missing: str) -> None:
    body = wire.body(people(1))
    del body[missing]
    with pytest.raises(Invalid) as refused:
        wire.registry.post(CHECKS, body)
    assert refused.value.field == missing


def test_an_unknown_member_of_a_request_is_refused(wire: Wire) -> None:
    with pytest.raises(ZiluError):
        wire.ask(people(1), number="110105194912310021")
    assert b"110105194912310021" not in wire.last()[1]


def test_the_word_declared_alone_is_a_consent(wire: Wire) -> None:
    assert wire.ask(people(1), consent="declared")["checks"]


def test_a_key_that_was_replaced_is_a_conflict(hana: Registry) -> None:
    with pytest.raises(ZiluError) as refused:
        hana.post(EVALUATIONS, {"key_id": "0" * 16, "elements": [base64url.encode(bytes(31) + b"\1")]})
    assert refused.value.field in ("key_id", "elements")


def test_a_receipt_is_to_be_had_again_with_its_proof(wire: Wire, store: Store, clock: MovingClock) -> None:
    answer = wire.ask(people(2))
    path = f"/api/v1/receipts/{answer['batch']}"
    assert wire.registry.get(path) == {
        "batch": answer["batch"],
        "receipt": answer["receipt"],
        "entry": None,
        "proof": None,
    }
    sequence(store, origin=settings().log_origin, key=SECRETS.log_key, now=clock())
    again = wire.registry.get(path)
    assert again["receipt"] == answer["receipt"]
    assert again["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    assert json.loads(base64url.decode(again["entry"], field="entry"))["type"] == "act"


def test_what_a_hit_says_links_the_proofs_of_the_answer_and_of_the_listing(
    wire: Wire, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    (person,) = people(1)
    list_person(store, holder, cast, person, clock())
    answer = wire.ask([person])
    sequence(store, origin=settings().log_origin, key=SECRETS.log_key, now=clock())
    details = wire.registry.get(f"/api/v1/checks/{answer['checks'][0]['id']}/details")
    assert wire.registry.get(details["receipt"])["receipt"] == answer["receipt"]
    assert wire.registry.get(details["proof"])["proof"].startswith("c2sp.org/tlog-proof@v1\n")


def test_another_members_receipts_and_checks_are_not_to_be_found(
    wire: Wire, connect: Connect, cast: Cast, store: Store, holder: Holder, clock: MovingClock
) -> None:
    (person,) = people(1)
    list_person(store, holder, cast, person, clock())
    answer = wire.ask([person])
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE account SET roles = '[\"checker\"]' WHERE id = 'acme-security'"))
        connection.execute(sa.text("UPDATE api_client SET scopes = '[\"check\"]' WHERE id = 'acme-security'"))
    stranger = connect(cast.rui)
    for path in (f"/api/v1/receipts/{answer['batch']}", f"/api/v1/checks/{answer['checks'][0]['id']}/details"):
        with pytest.raises(NotFound):
            stranger.get(path)


def test_a_reporter_may_evaluate_and_not_ask(connect: Connect, cast: Cast) -> None:
    rui = connect(cast.rui, scope="report")
    tags, ticket = checking.tags_of(rui, people(1))
    body = {"purpose": "hiring", "consent": CONSENT, "ticket": ticket, "tags": [base64url.encode(tag) for tag in tags]}
    with pytest.raises(Forbidden):
        rui.post(CHECKS, body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", EVALUATIONS),
        ("POST", CHECKS),
        ("GET", f"/api/v1/checks/{'0' * 32}/details"),
        ("GET", f"/api/v1/receipts/{'0' * 32}"),
        ("GET", "/api/v1/recalls"),
        ("GET", f"/api/v1/recalls/{'0' * 32}"),
        ("POST", f"/api/v1/recalls/{'0' * 32}/acknowledgement"),
        ("GET", "/api/v1/account"),
    ],
)
def test_nothing_is_said_to_whoever_has_no_token(line: Line, method: str, path: str) -> None:
    with httpx2.Client(transport=line, base_url="http://127.0.0.1:8420") as client:
        assert client.request(method, path, json={}).status_code == 401
