from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
import sqlalchemy as sa

from registry import base64url
from registry.accounts.models import ApiClient
from registry.client import pins
from registry.client.api import ATTEMPTS, Profile, Registry
from registry.client.pins import Pins, Untrusted
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated, Unavailable
from registry.identity import group
from registry.log.checkpoint import verifier_key
from registry.policy import TOKEN_LIFE
from registry.signing import keys
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.line import Answering, Connect, Line

Through = Callable[[httpx2.Request, Answering], httpx2.Response]


def failing(times: int, response: httpx2.Response | Exception, *, path: str = "/api/v1/account") -> Through:
    """Answers `times` requests for `path` in place of the registry, then lets it answer."""
    left = [times]

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        if request.url.path == path and left[0]:
            left[0] -= 1
            if isinstance(response, Exception):
                raise response
            return response
        return answer(request)

    return through


def altered(path: str, change: Callable[[dict[str, Any]], None]) -> Through:
    """Changes the JSON of the answers for `path` on their way."""

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        if request.url.path != path:
            return response
        body = response.json()
        change(body)
        return httpx2.Response(response.status_code, json=body)

    return through


# Signing in.


def test_a_program_signs_in_once_for_many_requests(hana: Registry, line: Line) -> None:
    assert hana.get("/api/v1/account")["member"] == "birch"
    hana.get("/api/v1/account")
    assert line.count("/oauth/token") == 1


def test_a_token_is_renewed_before_it_is_over(hana: Registry, line: Line, clock: MovingClock) -> None:
    hana.get("/api/v1/account")
    clock.move(TOKEN_LIFE)
    hana.get("/api/v1/account")
    assert line.count("/oauth/token") == 2


def test_a_token_that_is_refused_is_renewed_once(hana: Registry, line: Line) -> None:
    line.through = failing(1, httpx2.Response(401, json={"detail": "over"}))
    assert hana.get("/api/v1/account")["account"] == "birch-hr"
    line.through = failing(9, httpx2.Response(401, json={"detail": "over"}))
    with pytest.raises(Unauthenticated):
        hana.get("/api/v1/account")


def test_each_assertion_is_fresh_and_says_what_the_design_wants(hana: Registry, line: Line, cast: Cast) -> None:
    seen: list[dict[str, Any]] = []

    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        if request.url.path == "/oauth/token":
            form = dict(pair.split("=", 1) for pair in request.read().decode().split("&"))
            seen.append(jwt.decode(form["client_assertion"], options={"verify_signature": False}))
            assert form["grant_type"] == "client_credentials"
            assert form["scope"] == "check"
            return httpx2.Response(503)
        return answer(request)

    line.through = through
    with pytest.raises(Unavailable):
        hana.get("/api/v1/account")
    assert len({claims["jti"] for claims in seen}) == ATTEMPTS
    assert {(claims["iss"], claims["sub"], claims["aud"]) for claims in seen} == {("birch-hr", "birch-hr", ISSUER)}
    assert all(claims["exp"] - claims["iat"] <= 300 for claims in seen)


def test_a_client_whose_key_was_revoked_is_told_so(hana: Registry, store: Store, clock: MovingClock) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.update(ApiClient).values(revoked_at=clock()))
    with pytest.raises(Unauthenticated, match="client_assertion was not accepted"):
        hana.get("/api/v1/account")


def test_a_token_reaches_no_further_than_the_scope_that_was_asked_for(connect: Connect, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        connect(cast.rui, scope="report").get("/api/v1/recalls")


# Trying again.


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("cut off"),
        httpx2.Response(502),
        httpx2.Response(503, headers={"Retry-After": "2"}),
        httpx2.Response(504),
        httpx2.Response(429, headers={"Retry-After": "1"}),
        httpx2.Response(409, json={"type": "/problems/outdated"}),
    ],
)
def test_what_may_pass_is_tried_again(
    hana: Registry, line: Line, waits: list[float], failure: httpx2.Response | Exception
) -> None:
    line.through = failing(ATTEMPTS - 1, failure)
    assert hana.get("/api/v1/account")["account"] == "birch-hr"
    assert len(waits) == ATTEMPTS - 1
    assert waits[-1] > waits[0]


def test_a_conflict_is_not_tried_again(hana: Registry, line: Line, waits: list[float]) -> None:
    line.through = failing(1, httpx2.Response(409, json={"type": "/problems/key-outdated"}))
    with pytest.raises(Conflict):
        hana.get("/api/v1/account")
    assert waits == []


def test_the_registrys_own_wait_is_kept(hana: Registry, line: Line, waits: list[float]) -> None:
    line.through = failing(1, httpx2.Response(503, headers={"Retry-After": "7"}))
    hana.get("/api/v1/account")
    assert waits == [7]


def test_after_six_times_the_registry_is_unavailable(hana: Registry, line: Line, waits: list[float]) -> None:
    line.through = failing(ATTEMPTS, httpx2.ConnectError("refused"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        hana.get("/api/v1/account")
    assert len(waits) == ATTEMPTS - 1


def test_a_budget_that_is_used_up_is_not_waited_for(hana: Registry, line: Line, waits: list[float]) -> None:
    line.through = failing(1, httpx2.Response(429, headers={"Retry-After": "36000"}, json={"detail": "none left"}))
    with pytest.raises(TooMany, match="none left") as refused:
        hana.get("/api/v1/account")
    assert (refused.value.retry_after, waits) == (36000, [])


@pytest.mark.parametrize("after", ["", "soon", "-1", "9" * 40, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_of_seconds_does_no_harm(
    hana: Registry, line: Line, waits: list[float], after: str
) -> None:
    line.through = failing(1, httpx2.Response(503, headers={"Retry-After": after}))
    hana.get("/api/v1/account")
    assert len(waits) == 1
    assert waits[0] <= 1


# Refusals.


def test_a_refusal_is_raised_as_what_it_is_with_its_field(hana: Registry) -> None:
    with pytest.raises(NotFound, match="no such check"):
        hana.get(f"/api/v1/checks/{'0' * 32}/details")
    with pytest.raises(Invalid) as refused:
        hana.post("/api/v1/identity/evaluations", {"key_id": hana.pins.key_id, "elements": []})
    assert refused.value.field == "elements"


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[1]),
        httpx2.Response(302, headers={"Location": "https://elsewhere.example/"}),
        httpx2.Response(418),
    ],
)
def test_what_is_no_registry_is_said_to_be_none(hana: Registry, line: Line, response: httpx2.Response) -> None:
    line.through = failing(1, response)
    with pytest.raises(Unavailable):
        hana.get("/api/v1/account")
    assert line.paths[-1] == "/api/v1/account"


def test_a_refusal_cannot_steer_the_terminal(hana: Registry, line: Line) -> None:
    nasty = "\x1b[2Jfine\n" + "x" * 1000
    line.through = failing(1, httpx2.Response(422, json={"detail": nasty, "errors": [{"pointer": "\x07bell"}]}))
    with pytest.raises(Invalid) as refused:
        hana.get("/api/v1/account")
    assert refused.value.message.isprintable()
    assert len(refused.value.message) <= 300
    assert refused.value.field == " bell"


@pytest.mark.parametrize("body", [{"detail": 5}, {"errors": []}, {"errors": ["x"]}, {"type": 1}, {}])
def test_a_problem_document_of_any_shape_is_a_refusal(hana: Registry, line: Line, body: dict[str, Any]) -> None:
    line.through = failing(1, httpx2.Response(422, json=body))
    with pytest.raises(Invalid):
        hana.get("/api/v1/account")


@pytest.mark.parametrize("issuer", ["http://registry.example", "http://10.0.0.1:8420", "ftp://127.0.0.2"])
def test_nothing_is_sent_over_the_network_in_the_clear(issuer: str) -> None:
    with pytest.raises(Invalid, match="https") as refused:
        Registry(Profile(issuer, "birch-hr", keys.generate()), scope="check")
    assert refused.value.field == "issuer"


# Pinned keys.


@pytest.fixture
def pinned(connect: Connect, cast: Cast) -> Pins:
    return connect(cast.hana).pins


def test_nothing_is_asked_before_the_keys_are_pinned(connect: Connect, cast: Cast) -> None:
    with pytest.raises(Invalid, match="not pinned"):
        connect(cast.hana, pin=False).pins  # noqa: B018


def test_the_same_keys_are_accepted_again(connect: Connect, cast: Cast, pinned: Pins) -> None:
    registry = connect(cast.hana, pin=False)
    registry.pin(pinned)
    assert registry.pins == pinned


def other_identity(document: dict[str, Any]) -> None:
    document["identity"]["public_key"] = base64url.encode(group.multiply_base(b"\x07" + bytes(31)))


def other_key_id(document: dict[str, Any]) -> None:
    document["identity"]["key_id"] = "0" * 16


def other_receipts(document: dict[str, Any]) -> None:
    document["keys"] = [keys.to_jwk(keys.generate().public_key())]


def another_receipt_key(document: dict[str, Any]) -> None:
    document["keys"].append(keys.to_jwk(keys.generate().public_key()))


def other_log(document: dict[str, Any]) -> None:
    document["log"]["verifier_key"] = verifier_key(document["log"]["origin"], keys.generate().public_key()).vkey


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("/.well-known/zilu", other_identity, "identity"),
        ("/.well-known/zilu", other_key_id, "identity"),
        ("/.well-known/zilu", other_log, "log"),
        ("/.well-known/jwks.json", other_receipts, "receipt"),
        ("/.well-known/jwks.json", another_receipt_key, "receipt"),
    ],
)
def test_another_key_than_the_pinned_one_is_refused_before_anything_is_sent(
    connect: Connect, cast: Cast, line: Line, pinned: Pins, path: str, change: Any, field: str
) -> None:
    registry = connect(cast.hana, pin=False)
    line.through, line.paths[:] = altered(path, change), []
    with pytest.raises(Untrusted) as refused:
        registry.pin(pinned)
    assert (refused.value.code, refused.value.field) == ("key-changed", field)
    assert set(line.paths) == {"/.well-known/zilu", "/.well-known/jwks.json"}


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return change


def with_value(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        without("issuer"),
        without("identity"),
        without("identity", "public_key"),
        without("log", "verifier_key"),
        without("limits"),
        with_value("https://other.example", "issuer"),
        with_value("P256-SHA256", "identity", "suite"),
        with_value("OPRF", "identity", "mode"),
        with_value(base64url.encode(bytes(32)), "identity", "public_key"),
        with_value("short", "identity", "public_key"),
        with_value(5, "identity", "public_key"),
        with_value([], "identity"),
        with_value("log+00000000+AA", "log", "verifier_key"),
        with_value(0, "limits", "batch"),
        with_value("many", "limits", "batch"),
    ],
)
def test_a_discovery_document_that_lacks_something_is_not_trusted(
    connect: Connect, cast: Cast, line: Line, change: Callable[[dict[str, Any]], None]
) -> None:
    line.through = altered("/.well-known/zilu", change)
    with pytest.raises(Untrusted):
        connect(cast.hana)


def test_a_registry_cannot_make_batches_larger_than_the_policy(connect: Connect, cast: Cast, line: Line) -> None:
    line.through = altered("/.well-known/zilu", with_value(10**9, "limits", "batch"))
    assert connect(cast.hana).pins.batch == 1000


def test_pins_are_kept_in_a_file_for_their_owner_only(connect: Connect, cast: Cast, tmp_path: Path) -> None:
    registry = connect(cast.hana, pin=False)
    path = tmp_path / "birch-hr.registry.json"
    pins.store(path, registry.pin())
    assert pins.load(path, issuer=ISSUER) == registry.pins
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Invalid):
        pins.store(path, {})


@pytest.mark.parametrize("content", ["", "[]", "no json", "{}"])
def test_a_file_that_holds_no_pins_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pins.json"
    path.write_text(content)
    with pytest.raises(Invalid):
        pins.load(path, issuer=ISSUER)


def test_a_missing_file_of_pins_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        pins.load(tmp_path / "none.json", issuer=ISSUER)


def test_nothing_secret_stands_in_a_profiles_repr(hana: Registry) -> None:
    assert "PrivateKey" not in repr(hana.profile)
    assert json.dumps(hana.profile.account) in repr(hana.profile).replace("'", '"')
