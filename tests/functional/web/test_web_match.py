"""The accused person's way in: whatever does not fit is answered alike, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.base64url import decode, encode
from registry.db import Store
from registry.identity import document, group
from registry.identity.tags import answer_match
from registry.notices.models import Notice
from registry.notices.rules import SUBJECT_SESSION_LIFE
from registry.policy import CODE_ATTEMPTS
from tests.accused import Accused
from tests.conftest import MovingClock
from tests.filing import NUMBER, OTHER_NUMBER
from tests.pages import send, text_of

WRONG_CODE = "0000-0000-0000"


def begin(client: FlaskClient, case: str, code: str) -> dict[str, str]:
    answer = send(client, "/case", "/case/match/begin", {"case": case, "code": code})
    assert answer.status_code == 200
    begun: dict[str, str] = answer.json
    return begun


def finish(client: FlaskClient, case: str, code: str, begun: dict[str, str], number: str = NUMBER) -> TestResponse:
    x, z = answer_match(document.parse(number), decode(begun["m"], field="m"))
    body = {"case": case, "code": code, "match_id": begun["match_id"], "x": encode(x), "z": encode(z)}
    return send(client, "/case", "/case/match/finish", body)


def attempt(client: FlaskClient, case: str, code: str, number: str = NUMBER) -> TestResponse:
    return finish(client, case, code, begin(client, case, code), number)


def test_the_letter_and_the_number_open_the_case(visitor: FlaskClient, accused: Accused) -> None:
    entered = attempt(visitor, accused.case_number, accused.code)
    assert entered.json == {"next": "/case/file"}
    cookie = entered.headers["Set-Cookie"]
    assert cookie.startswith("zilu-case=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Your case {accused.case_number}" in text_of(visitor.get("/case/file"))


def test_the_code_is_forgiven_its_spelling(visitor: FlaskClient, accused: Accused) -> None:
    code, case = accused.code.lower().replace("-", " "), accused.case_number.removeprefix("ZL-").lower()
    assert attempt(visitor, case, code).status_code == 200


def used_up(visitor: FlaskClient, accused: Accused) -> TestResponse:
    for _ in range(CODE_ATTEMPTS):
        attempt(visitor, accused.case_number, accused.code, OTHER_NUMBER)
    return attempt(visitor, accused.case_number, accused.code)


def of_another_letter(visitor: FlaskClient, accused: Accused) -> TestResponse:
    begun = begin(visitor, "ZL-0000-0000", WRONG_CODE)
    return finish(visitor, accused.case_number, accused.code, begun)


FAILURES: dict[str, Callable[[FlaskClient, Accused], TestResponse]] = {
    "unknown case": lambda visitor, accused: attempt(visitor, "ZL-0000-0000", accused.code),
    "no case number": lambda visitor, accused: attempt(visitor, "?", accused.code),
    "wrong code": lambda visitor, accused: attempt(visitor, accused.case_number, WRONG_CODE),
    "no code": lambda visitor, accused: attempt(visitor, accused.case_number, ""),
    "wrong number": lambda visitor, accused: attempt(visitor, accused.case_number, accused.code, OTHER_NUMBER),
    "used up": used_up,
    "a made-up challenge": of_another_letter,
}


def shape(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer that a stranger sees, but the form's own cookie."""
    return answer.status_code, answer.data, sorted((n, v) for n, v in answer.headers if n != "Set-Cookie")


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_is_the_same_bytes(visitor: FlaskClient, accused: Accused, failure: str) -> None:
    reference = attempt(visitor, "ZL-7777-7777", WRONG_CODE)
    answer = FAILURES[failure](visitor, accused)
    assert shape(answer) == shape(reference)
    assert answer.status_code == 403
    assert "zilu-case" not in answer.headers.get("Set-Cookie", "")
    assert visitor.get("/case/file").location == "/case"


def test_a_challenge_looks_the_same_for_every_case(visitor: FlaskClient, accused: Accused) -> None:
    real = begin(visitor, accused.case_number, accused.code)
    made_up = begin(visitor, "ZL-0000-0000", WRONG_CODE)
    assert {n: len(v) for n, v in real.items()} == {n: len(v) for n, v in made_up.items()}
    for begun in (real, made_up):
        group.require_element(decode(begun["m"], field="m"))


def test_an_answer_is_good_once(visitor: FlaskClient, accused: Accused) -> None:
    begun = begin(visitor, accused.case_number, accused.code)
    assert finish(visitor, accused.case_number, accused.code, begun).status_code == 200
    assert finish(visitor, accused.case_number, accused.code, begun).status_code == 403


def test_the_number_does_not_reach_the_server(visitor: FlaskClient, accused: Accused, store: Store) -> None:
    page = visitor.get("/case").text
    (field,) = re.findall(r'<input [^>]*id="number"[^>]*>', page)
    assert "name=" not in field
    assert 'autocomplete="off"' in field


BAD: list[Any] = [[], "text", {}, {"case": 1, "code": "x"}, {"case": "x"}, {"case": "x", "code": "y", "more": 1}]


@pytest.mark.parametrize("body", BAD, ids=str)
def test_a_request_of_another_shape_is_refused(visitor: FlaskClient, body: Any) -> None:
    answer = send(visitor, "/case", "/case/match/begin", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("element", ["", "AAAA", encode(bytes(32)), encode(b"\xff" * 32)])
def test_what_is_no_element_is_refused_whatever_the_case(visitor: FlaskClient, accused: Accused, element: str) -> None:
    bodies = []
    for case, code in ((accused.case_number, accused.code), ("ZL-0000-0000", WRONG_CODE)):
        begun = begin(visitor, case, code)
        body = {"case": case, "code": code, "match_id": begun["match_id"], "x": element, "z": begun["m"]}
        answer = send(visitor, "/case", "/case/match/finish", body)
        assert answer.status_code == 422
        bodies.append(answer.data)
    assert bodies[0] == bodies[1]


def test_the_match_needs_the_token_of_its_own_page(visitor: FlaskClient, accused: Accused, store: Store) -> None:
    body = {"case": accused.case_number, "code": accused.code}
    assert visitor.post("/case/match/begin", json=body).status_code == 400
    with store.read() as session:
        assert session.query(Notice).one().attempts_left == CODE_ATTEMPTS


def test_the_case_closes_after_an_hour(visitor: FlaskClient, accused: Accused, clock: MovingClock) -> None:
    attempt(visitor, accused.case_number, accused.code)
    assert visitor.get("/case/file").status_code == 200
    clock.move(SUBJECT_SESSION_LIFE)
    assert visitor.get("/case/file").location == "/case"
