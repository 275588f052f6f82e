from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.base64url import decode, encode
from registry.checks.models import Batch, Check, Ticket
from registry.db import Store
from registry.identity import tags
from registry.identity.document import Document
from registry.identity.voprf import Blinded, Evaluated
from registry.keys.holder import Holder
from registry.log import receipt as receipts
from registry.log.checkpoint import verifier_key
from registry.log.quorum import Policy
from registry.log.sequencer import sequence
from registry.members.actions import set_standing
from registry.members.models import Standing
from registry.signing.keys import thumbprint
from tests.app_fixture import SECRETS, SignIn, settings
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.listing import list_person, people
from tests.pages import send, text_of

LISTED, OTHER = people(2)
CONSENT = {"kind": "declared", "reference": "HR-2026-03/17"}


@pytest.fixture
def hana(signed_in: SignIn, cast: Cast) -> FlaskClient:
    return signed_in(cast.hana)


def evaluate(client: FlaskClient, holder: Holder, blinded: Blinded, **changed: Any) -> TestResponse:
    body = {"key_id": holder.public().key_id, "elements": [encode(blinded.element)], **changed}
    return send(client, "/check", "/check/evaluations", body)


def tag_of(client: FlaskClient, holder: Holder, person: Document) -> tuple[str, str]:
    """The tag and the ticket, as the page's script makes them."""
    blinded = tags.blind(person)
    answer = evaluate(client, holder, blinded).json
    elements = tuple(decode(element, field="elements") for element in answer["elements"])
    evaluated = Evaluated(elements, decode(answer["proof"], field="proof"))
    (tag,) = tags.unblind_batch(holder.public().public, [blinded], evaluated)
    return encode(tag), answer["ticket"]


def ask(client: FlaskClient, paid: tuple[str, str], key: str | None = None, **changed: Any) -> TestResponse:
    """`paid` is the tag and the ticket, `key` the Idempotency-Key."""
    tag, ticket = paid
    body = {"purpose": "hiring", "consent": CONSENT, "ticket": ticket, "tags": [tag], **changed}
    return send(client, "/check", "/check/checks", body, **({"Idempotency-Key": key} if key else {}))


def check(client: FlaskClient, holder: Holder, person: Document) -> dict[str, Any]:
    answer: dict[str, Any] = ask(client, tag_of(client, holder, person)).json
    return answer


def test_the_page_asks_purpose_consent_and_number_and_knows_the_key(hana: FlaskClient, holder: Holder) -> None:
    page = hana.get("/check").text
    assert f'data-public-key="{encode(holder.public().public)}"' in page
    assert f'data-key-id="{holder.public().key_id}"' in page
    for field in ('name="purpose"', 'name="consent"', 'name="reference"'):
        assert field in page
    (number,) = re.findall(r'<input [^>]*id="number"[^>]*>', page)
    assert "name=" not in number  # no submission of the form could carry it


def test_a_listed_person_is_found_and_another_is_not(
    hana: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    entry = list_person(store, holder, cast, LISTED, clock())
    (found,) = check(hana, holder, LISTED)["checks"]
    assert (found["outcome"], found["reference"]) == ("entry", entry.id)
    (found,) = check(hana, holder, OTHER)["checks"]
    assert (found["outcome"], found["reference"]) == ("no-entry", None)


def test_the_answer_is_as_long_whatever_it_says(
    hana: FlaskClient, store: Store, holder: Holder, cast: Cast, clock: MovingClock
) -> None:
    list_person(store, holder, cast, LISTED, clock())
    lengths = {len(ask(hana, tag_of(hana, holder, person)).data) for person in (LISTED, OTHER)}
    assert len(lengths) == 1


def test_a_question_asked_again_under_its_key_gives_the_same_bytes_and_costs_nothing(
    hana: FlaskClient, store: Store, holder: Holder
) -> None:
    paid = tag_of(hana, holder, OTHER)
    first, second = (ask(hana, paid, key="k" * 32) for _ in range(2))
    assert first.data == second.data
    with store.read() as session:
        assert session.query(Batch).count() == 1
        assert session.query(Ticket).one().used == 1


def test_the_receipt_gains_its_proof_and_verifies(
    hana: FlaskClient, store: Store, holder: Holder, clock: MovingClock
) -> None:
    answer = check(hana, holder, OTHER)
    path = f"/check/receipts/{answer['batch']}"
    promised = hana.get(path).json
    assert promised == {"receipt": answer["receipt"], "entry": None, "proof": None}
    origin = settings().log_origin
    sequence(store, key=SECRETS.log_key, origin=origin, now=clock())
    public = SECRETS.receipt_key.public_key()
    proven = receipts.verify_file(
        {**hana.get(path).json, "answers": answer["checks"]},
        receipt_keys={thumbprint(public): public},
        policy=Policy(verifier_key(origin, SECRETS.log_key.public_key())),
        member="birch",
    )
    assert proven.proven


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purpose": "curiosity"}, "purpose"),
        ({"consent": {"kind": "granted"}}, "consent.group"),
        ({"consent": {"kind": "declared"}}, "consent.reference"),
        ({"consent": "declared"}, "consent"),
        ({"tags": []}, "tags"),
        ({"tags": [7]}, "tags"),
        ({"tags": ["AAAA"]}, "tags"),
        ({"ticket": "x.y.z"}, "ticket"),
    ],
    ids=str,
)
def test_a_question_that_is_wrong_names_the_field(
    hana: FlaskClient, holder: Holder, store: Store, changed: dict[str, Any], field: str
) -> None:
    answer = ask(hana, tag_of(hana, holder, OTHER), **changed)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"][0]["pointer"] == field
    with store.read() as session:
        assert session.query(Check).count() == 0


@pytest.mark.parametrize("elements", [[], ["AAAA"], [None], [encode(bytes(32))]], ids=str)
def test_what_is_no_element_is_not_evaluated(
    hana: FlaskClient, holder: Holder, store: Store, elements: list[Any]
) -> None:
    answer = evaluate(hana, holder, tags.blind(OTHER), elements=elements)
    assert answer.status_code == 422
    with store.read() as session:
        assert session.query(Ticket).count() == 0


def test_an_outdated_key_is_told(hana: FlaskClient, holder: Holder) -> None:
    answer = evaluate(hana, holder, tags.blind(OTHER), key_id="0" * 16)
    assert (answer.status_code, answer.json["code"]) == (409, "key-outdated")


def test_a_used_up_budget_says_when_to_come_back(
    hana: FlaskClient, holder: Holder, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("CHECKS_PER_HEAD_AND_DAY", "CHECKS_PER_DAY_AT_LEAST"):
        monkeypatch.setattr(f"registry.checks.rules.{limit}", 0)
    answer = evaluate(hana, holder, tags.blind(OTHER))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/check/evaluations", "/check/checks"])
def test_a_check_needs_the_token_of_its_own_page(hana: FlaskClient, store: Store, path: str) -> None:
    assert hana.post(path, json={}).json["code"] == "out-of-date"
    with store.read() as session:
        assert session.query(Ticket).count() == 0


@pytest.mark.parametrize("who", ["rui", "rex", "olaf", "cleo"])
def test_only_hr_sees_the_page(signed_in: SignIn, cast: Cast, who: str) -> None:
    refused = signed_in(cast[who]).get("/check")
    assert refused.status_code == 403
    assert "Your account may not do this." in text_of(refused)


def test_a_suspended_member_asks_nothing(signed_in: SignIn, cast: Cast, store: Store, clock: MovingClock) -> None:
    with store.write() as session:
        set_standing(session, member_id="birch", standing=Standing.SUSPENDED, actor="olaf", now=clock())
    assert signed_in(cast.hana).get("/check").status_code == 403


def test_the_receipt_of_another_member_is_not_there(
    hana: FlaskClient, signed_in: SignIn, cast: Cast, holder: Holder, store: Store
) -> None:
    batch = check(hana, holder, OTHER)["batch"]
    assert signed_in(cast.rui).get(f"/check/receipts/{batch}").status_code == 403
    assert hana.get("/check/receipts/nothing").status_code == 404
