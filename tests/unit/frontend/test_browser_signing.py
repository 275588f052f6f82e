"""What a browser signs is byte for byte what the registry reads: RFC 8785, RFC 7638, compact JWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from registry.reports import statement
from registry.signing import jws, keys
from tests.cast import Cast
from tests.conftest import ISSUER, START
from tests.filing import any_tag, claims

Node = Callable[..., Any]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"b": [1, -7, 2**53 - 1, 0], "a": {"": None, "é": True, "e": False}},
        {"\ue000": 1, "😀": 2, "王": "<img src=x onerror=alert(1)>", "\u202e": "=1+1"},
        {"text": '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\u2029é王😀'},
        [[], [[{}]], "a" * 5_000],
    ],
    ids=["nothing", "numbers", "order of names", "escapes", "lists"],
)
def test_the_byte_form_is_that_of_the_rfc(node: Node, value: Any) -> None:
    assert node("canonical", value=value)["value"].encode() == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.5, 2**53, {"a": [0.1]}, "\ud800"])
def test_what_has_two_readings_is_refused(node: Node, value: Any) -> None:
    assert node("canonical", value=value)["refused"] == "TypeError"


def test_the_registry_takes_a_report_that_a_browser_signed(node: Node, cast: Cast) -> None:
    words = {
        "narrative": 'Sold "addresses"\nto a collector, 王小明, \u202eabc 😀.',
        "found": {"on": "2026-02-25", "how": "é"},
    }
    payload = claims(cast.rui, any_tag(), START, **words)
    signed = node("signed", payload=payload, typ=statement.REPORT)
    public = keys.from_jwk({"crv": "Ed25519", "kty": "OKP", "x": signed["x"]})
    read = jws.verify(signed["token"], typ=statement.REPORT, key_for={keys.thumbprint(public): public}.__getitem__)
    accusation = statement.read(read.payload, member_id="acme", issuer=ISSUER)
    statement.verify_timely(accusation, read.payload, now=START + timedelta(minutes=1))
    assert read.payload == payload
    assert signed["fingerprint"] == keys.fingerprint(read.kid)
