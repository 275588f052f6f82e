"""A client believes no key that does not stand in the log, under the witnesses that it was told of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from registry import base64url
from registry.client.api import Profile, Registry
from registry.client.pins import Untrusted
from registry.errors import Unavailable
from registry.log import checkpoint, leaf
from registry.log.checkpoint import Kind
from registry.log.quorum import Policy, Witness
from registry.signing import keys
from tests.app_fixture import SECRETS, settings
from tests.cast import Cast
from tests.conftest import ISSUER, MovingClock
from tests.line import Answering, Connect, Line

LOG = checkpoint.verifier_key(settings().log_origin, SECRETS.log_key.public_key())
W = checkpoint.verifier_key("w.example", keys.generate().public_key(), kind=Kind.WITNESS)


def altered(line: Line, change: Callable[[Any], Any]) -> None:
    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        response = answer(request)
        if request.url.path != "/log/keys":
            return response
        return httpx2.Response(200, json=change(json.loads(response.content)))

    line.through = through


def _use(entry: str) -> Any:
    return (leaf.parse(base64url.decode(entry, field="entry")).key or {})["use"]


def without(use: str) -> Callable[[Any], Any]:
    def change(answer: Any) -> Any:
        kept = [each for each in answer["keys"] if _use(each["entry"]) != use]
        return {"keys": kept}

    return change


@pytest.mark.parametrize("use", ["identity", "receipt", "log"])
def test_a_key_that_is_not_in_the_log_is_refused(use: str, connect: Connect, cast: Cast, line: Line) -> None:
    altered(line, without(use))
    with pytest.raises(Untrusted, match=f"{use} key does not stand in its log"):
        connect(cast.hana)


@pytest.mark.parametrize("change", [lambda _: {}, lambda _: {"keys": [{}]}, lambda _: {"keys": 7}])
def test_an_answer_that_is_none_is_refused(
    change: Callable[[Any], Any], connect: Connect, cast: Cast, line: Line
) -> None:
    altered(line, change)
    with pytest.raises(Untrusted):
        connect(cast.hana)


def test_an_entry_that_the_proof_is_not_of_is_refused(connect: Connect, cast: Cast, line: Line) -> None:
    def change(answer: Any) -> Any:
        first, second, *rest = answer["keys"]
        return {"keys": [{**first, "entry": second["entry"]}, second, *rest]}

    altered(line, change)
    with pytest.raises(Untrusted, match="does not prove its keys"):
        connect(cast.hana)


def test_a_policy_with_witnesses_is_insisted_on(line: Line, cast: Cast, clock: MovingClock) -> None:
    assert cast.hana.client_key is not None
    for policy, why in (
        (Policy(LOG, (Witness("w", W),), (), "w"), "cosigned by the quorum"),
        (Policy(checkpoint.verifier_key(LOG.name, keys.generate().public_key())), "another log key"),
    ):
        with httpx2.Client(transport=line) as http:
            profile = Profile(ISSUER, cast.hana.actor.id, cast.hana.client_key, policy=policy)
            with pytest.raises(Untrusted, match=why):
                Registry(profile, scope="check", http=http, clock=clock).pin()


def test_keys_that_are_not_public_yet_are_waited_for(
    connect: Connect, cast: Cast, line: Line, waits: list[float]
) -> None:
    def through(request: httpx2.Request, answer: Answering) -> httpx2.Response:
        late = request.url.path == "/log/keys" and len(waits) < 2
        return httpx2.Response(503, headers={"Retry-After": "1"}, json={}) if late else answer(request)

    line.through = through
    connect(cast.hana)
    assert len(waits) == 2
    line.through = lambda request, answer: (
        httpx2.Response(503, headers={"Retry-After": "1"}, json={}) if "keys" in request.url.path else answer(request)
    )
    with pytest.raises(Unavailable):
        connect(cast.hana)
