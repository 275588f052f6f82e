from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from registry import base64url
from registry.checks.models import Check, Ticket
from registry.client import checking, receipts
from registry.client.api import Registry
from registry.client.checking import Terms
from registry.client.pins import Untrusted
from registry.db import Store
from registry.errors import Invalid, TooMany, Unavailable
from registry.identity import group, voprf
from registry.keys.holder import Holder
from registry.log import leaf
from registry.signing import canonical, keys
from registry.signing.receipt import answers_digest, issue
from tests.app_fixture import SECRETS
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.line import Answering, Connect, Line
from tests.listing import list_person, people

TERMS = Terms.declared(purpose="hiring", reference="HR-2026-03/17")


@pytest.fixture(autouse=True)
def _budgets_follow_the_headcount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.checks.rules.CHECKS_PER_DAY_AT_LEAST", 0)


def checks(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Check)) or 0


def changed(path: str, change: Callable[[dict[str, Any]], None]) -> Any:
    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        if request.url.path != path or not response.is_success:
            return response
        body = response.json()
        change(body)
        return httpx2.Response(response.status_code, json=body)

    return through


EVALUATIONS, CHECKS = "/api/v1/identity/evaluations", "/api/v1/checks"


def test_a_batch_is_answered_and_receipted(
    hana: Registry, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    three = people(3)
    entry = list_person(store, holder, cast, three[2], clock())
    checked = checking.check(hana, three, terms=TERMS, key="k")
    assert [answer.is_hit for answer in checked.answers] == [False, False, True]
    assert checked.answers[2].reference == entry.id
    assert not receipts.verify(checked.receipt, hana.pins, member="birch").proven
    said = checking.details(hana, checked.answers[2].check)
    assert (said["offence"], said["state"]) == ("sale", "listed")


def test_no_number_leaves_the_program(hana: Registry, line: Line) -> None:
    (person,) = people(1)
    sent: list[bytes] = []

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        sent.append(request.read() + str(request.url).encode() + str(request.headers).encode())
        return answer(request)

    line.through = through
    checking.check(hana, [person], terms=TERMS, key="k")
    assert len(sent) == 3
    assert not any(person.number.encode() in each or person.number[6:14].encode() in each for each in sent)


def test_the_same_person_is_sent_as_another_element_each_time(hana: Registry, line: Line) -> None:
    elements = []

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        if request.url.path == EVALUATIONS:
            elements.extend(json.loads(request.read())["elements"])
        return answer(request)

    line.through = through
    tags = [checking.tags_of(hana, people(1))[0] for _ in range(2)]
    assert tags[0] == tags[1]
    assert len(set(elements)) == 2


def test_the_same_batch_under_the_same_key_is_one_question(hana: Registry, store: Store) -> None:
    first, again = (checking.check(hana, people(2), terms=TERMS, key="once") for _ in range(2))
    assert first == again
    assert checks(store) == 2


# A registry that cheats.


def other_key(body: dict[str, Any]) -> None:
    """Evaluates under a key of its own, with a proof that fits that key."""
    pair = voprf.KeyPair.of(b"\x09" + bytes(31))
    elements = [base64url.decode(text, field="e") for text in body["elements"]]
    evaluated = voprf.blind_evaluate_batch(pair, elements)
    body["elements"] = [base64url.encode(element) for element in evaluated.elements]
    body["proof"] = base64url.encode(evaluated.proof)


def swap(body: dict[str, Any]) -> None:
    body["elements"].reverse()


def one_marked(body: dict[str, Any]) -> None:
    element = base64url.decode(body["elements"][1], field="e")
    body["elements"][1] = base64url.encode(group.multiply(b"\x02" + bytes(31), element))


def one_short(body: dict[str, Any]) -> None:
    body["elements"].pop()


def no_proof(body: dict[str, Any]) -> None:
    del body["proof"]


def no_ticket(body: dict[str, Any]) -> None:
    del body["ticket"]


def zero_proof(body: dict[str, Any]) -> None:
    body["proof"] = base64url.encode(bytes(64))


def other_key_id(body: dict[str, Any]) -> None:
    body["key_id"] = "0" * 16


def not_a_list(body: dict[str, Any]) -> None:
    body["elements"] = "AAAA"


@pytest.mark.parametrize(
    "change", [other_key, swap, one_marked, one_short, no_proof, no_ticket, zero_proof, other_key_id, not_a_list]
)
def test_an_evaluation_that_does_not_fit_the_pinned_key_is_not_used(
    hana: Registry, line: Line, store: Store, change: Callable[[dict[str, Any]], None]
) -> None:
    line.through = changed(EVALUATIONS, change)
    with pytest.raises(Untrusted) as refused:
        checking.check(hana, people(2), terms=TERMS, key="k")
    assert refused.value.code == "proof-wrong"
    assert (line.count(CHECKS), checks(store)) == (0, 0)


def hide_hit(body: dict[str, Any]) -> None:
    body["checks"][0] |= {"outcome": "no-entry", "reference": None}


def invent_hit(body: dict[str, Any]) -> None:
    body["checks"][1] |= {"outcome": "entry", "reference": "0" * 32}


def swap_answers(body: dict[str, Any]) -> None:
    body["checks"].reverse()


def swap_tags(body: dict[str, Any]) -> None:
    first, second = body["checks"]
    first["tag"], second["tag"] = second["tag"], first["tag"]


def drop_answer(body: dict[str, Any]) -> None:
    body["checks"].pop()


def other_batch(body: dict[str, Any]) -> None:
    body["batch"] = "0" * 32


def broken_receipt(body: dict[str, Any]) -> None:
    body["receipt"] = body["receipt"][:-2]


def missing(name: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        del body[name]

    return change


def strange(body: dict[str, Any]) -> None:
    body["checks"] = [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        *(
            hide_hit,
            invent_hit,
            swap_answers,
            swap_tags,
            drop_answer,
            other_batch,
            broken_receipt,
            strange,
        ),
        *(missing("receipt"), missing("batch"), missing("checks")),
    ],
)
def test_an_answer_that_its_receipt_is_not_for_is_not_believed(
    hana: Registry,
    line: Line,
    store: Store,
    holder: Holder,
    cast: Cast,
    clock: MovingClock,
    change: Callable[[dict[str, Any]], None],
) -> None:
    two = people(2)
    list_person(store, holder, cast, two[0], clock())
    line.through = changed(CHECKS, change)
    with pytest.raises(Untrusted) as refused:
        checking.check(hana, two, terms=TERMS, key="k")
    assert refused.value.code == "receipt-wrong"


def test_a_receipt_by_another_key_is_not_believed(hana: Registry, line: Line) -> None:
    stranger = keys.generate()

    def forge(body: dict[str, Any]) -> None:
        genuine = receipts.verify(receipts.unproven(body["receipt"], body["checks"]), hana.pins).receipt
        body["receipt"] = issue(
            issuer=genuine.issuer, member=genuine.member, jti=genuine.jti, now=genuine.at, answers=body["checks"],
            leaf=genuine.leaf, salt=genuine.salt, record=genuine.record, size=genuine.size, root=genuine.root,
            key=stranger,
        )  # fmt: skip

    line.through = changed(CHECKS, forge)
    with pytest.raises(Untrusted):
        checking.check(hana, people(1), terms=TERMS, key="k")


def test_answers_about_other_people_are_not_believed_even_if_the_registry_signs_them(
    hana: Registry, line: Line
) -> None:
    def lie(body: dict[str, Any]) -> None:
        genuine = receipts.verify(receipts.unproven(body["receipt"], body["checks"]), hana.pins).receipt
        body["checks"].reverse()
        act = canonical.loads(genuine.record)
        act["facts"]["answers"] = answers_digest(body["checks"])
        record = canonical.dumps(act)
        body["receipt"] = issue(
            issuer=genuine.issuer, member=genuine.member, jti=genuine.jti, now=genuine.at, answers=body["checks"],
            leaf=leaf.commit(genuine.salt, "act", record), salt=genuine.salt, record=record, size=genuine.size,
            root=genuine.root, key=SECRETS.receipt_key,
        )  # fmt: skip
        receipts.verify(receipts.unproven(body["receipt"], body["checks"]), hana.pins)  # a good receipt, for others

    line.through = changed(CHECKS, lie)
    with pytest.raises(Untrusted):
        checking.check(hana, people(2), terms=TERMS, key="k")


@pytest.mark.parametrize(
    "terms",
    [
        Terms.declared(purpose="present-staff", reference="HR-2026-03/17"),
        Terms.declared(purpose="hiring", reference="o"),
    ],
)
def test_an_answer_to_another_question_is_not_believed(hana: Registry, line: Line, terms: Terms) -> None:
    """The registry answers the batch as if it had been asked for another purpose or with another consent."""

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        if request.url.path != CHECKS:
            return answer(request)
        body = json.loads(request.read()) | {"purpose": terms.purpose, "consent": dict(terms.consent)}
        headers = {"Authorization": request.headers["Authorization"]}
        return answer(httpx2.Request("POST", request.url, json=body, headers=headers))

    line.through = through
    with pytest.raises(Untrusted):
        checking.check(hana, people(1), terms=TERMS, key="k")


def test_an_answer_that_was_given_to_another_account_is_not_believed(
    hana: Registry, connect: Connect, cast: Cast, line: Line
) -> None:
    given: list[httpx2.Response] = []

    def keep(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        if request.url.path == CHECKS:
            given.append(httpx2.Response(200, json=response.json()))
        return response

    line.through = keep
    checking.check(hana, people(1), terms=TERMS, key="k")
    mallory = connect(cast.hana)
    object.__setattr__(mallory.profile, "account", "cedar-hr")
    mallory._token = hana._token
    line.through = lambda request, answer: given[0] if request.url.path == CHECKS else answer(request)
    with pytest.raises(Untrusted):
        checking.check(mallory, people(1), terms=TERMS, key="k2")


# Refusals on the way.


def test_when_the_key_holder_is_down_the_registry_says_so_and_nothing_is_counted(
    connect: Connect, cast: Cast, holder: Holder, store: Store, waits: list[float]
) -> None:
    hana = connect(cast.hana)
    holder._way = Path("/nowhere/gone")
    with pytest.raises(Unavailable) as refused:
        checking.check(hana, people(1), terms=TERMS, key="k")
    assert refused.value.retry_after == 5
    assert waits[0] >= 5
    assert hana.get("/api/v1/account")["account"] == "birch-hr"
    with store.read() as session:
        assert session.scalars(sa.select(Ticket)).all() == []


def test_a_budget_that_is_used_up_says_when_to_come_again(hana: Registry, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE member SET headcount = 1 WHERE id = 'birch'"))
    with pytest.raises(TooMany) as refused:
        checking.check(hana, people(2), terms=TERMS, key="k")
    assert refused.value.retry_after > 3600


def test_a_batch_larger_than_a_thousand_is_refused_by_the_registry(hana: Registry) -> None:
    element = base64url.encode(group.multiply_base(b"\x05" + bytes(31)))
    with pytest.raises(Invalid) as refused:
        hana.post(EVALUATIONS, {"key_id": hana.pins.key_id, "elements": [element] * 1001})
    assert refused.value.field == "elements"


def test_a_person_stands_in_no_repr_of_what_was_asked(hana: Registry) -> None:
    (person,) = people(1)
    checked = checking.check(hana, [person], terms=TERMS, key="k")
    tag = checked.receipt["answers"][0]["tag"]
    assert person.number not in repr(checked)
    assert tag not in repr(checked)
