"""The public leaf: one form, and nothing in it that speaks."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import base64url
from registry.errors import Invalid
from registry.log import leaf
from registry.log.leaf import Leaf

AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SALT = bytes(range(32))
C = leaf.commit(SALT, "act", b"record")
ACT = Leaf(C, AT, "act")
JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
KEY = Leaf(C, AT, "key", {"use": "report", "jwk": JWK})


def test_the_bytes_are_those_that_the_docstring_gives() -> None:
    expected = '{"c":"' + base64url.encode(C) + '","t":1795422600,"type":"act","v":1}'
    assert leaf.encode(ACT) == expected.encode()
    assert len(leaf.encode(ACT)) < 100


def test_the_commitment_is_an_hmac_over_type_and_record() -> None:
    message = b"zilu/leaf/v1\x00act\x00" + hashlib.sha256(b"record").digest()
    assert hmac.new(SALT, message, hashlib.sha256).digest() == C


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 253_402_300_799),
    st.sampled_from(["act", "snapshot", "erasure"]),
)
def test_every_leaf_is_read_back(commitment: bytes, seconds: int, kind: str) -> None:
    one = Leaf(commitment, datetime.fromtimestamp(seconds, UTC), kind)
    assert leaf.parse(leaf.encode(one)) == one


def test_a_key_leaf_shows_its_key() -> None:
    assert leaf.parse(leaf.encode(KEY)) == KEY
    vkey = Leaf(C, AT, "key", {"use": "log", "vkey": "a.example+12345678+AAAA"})
    assert leaf.parse(leaf.encode(vkey)) == vkey


@pytest.mark.parametrize(
    "other",
    [(SALT, "key", b"record"), (SALT, "act", b"Record"), (bytes(32), "act", b"record")],
)
def test_type_record_and_salt_each_change_the_commitment(other: tuple[bytes, str, bytes]) -> None:
    assert leaf.commit(*other) != C


def test_an_opening_fits_its_leaf_only() -> None:
    leaf.verify_opening(ACT, salt=SALT, record=b"record")
    for opened, salt, record in (
        (ACT, SALT, b"another"),
        (ACT, bytes(32), b"record"),
        (Leaf(C, AT, "erasure"), SALT, b"record"),
        (Leaf(bytes(32), AT, "act"), SALT, b"record"),
    ):
        with pytest.raises(Invalid) as refused:
            leaf.verify_opening(opened, salt=salt, record=record)
        assert refused.value.code == "leaf-opening"


@pytest.mark.parametrize(
    ("salt", "kind"), [(b"", "act"), (bytes(31), "act"), (bytes(33), "act"), (SALT, "report"), (SALT, "")]
)
def test_a_commitment_takes_a_full_salt_and_a_public_type(salt: bytes, kind: str) -> None:
    with pytest.raises(Invalid):
        leaf.commit(salt, kind, b"record")


def written(**change: object) -> bytes:
    obj = json.loads(leaf.encode(ACT)) | change
    return json.dumps({k: v for k, v in obj.items() if v != "absent"}, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        leaf.encode(ACT) + b"\n",
        b" " + leaf.encode(ACT),
        leaf.encode(ACT).replace(b'"v":1', b'"v":1,"v":1'),
        written(c="absent"),
        written(t="absent"),
        written(type="absent"),
        written(v="absent"),
        written(v=2),
        written(v=True),
        written(v="1"),
        written(t=-1),
        written(t="1"),
        written(t=1.5),
        written(t=253_402_300_800),
        written(type="report"),
        written(type="ACT"),
        written(type=1),
        written(c="AAAA"),
        written(c=1),
        written(c="A" * 42 + "B"),
        written(c="A" * 43 + "="),
        written(name="张伟"),
        written(key={"use": "report"}),
        written(key=None),
        written(type="key"),
        written(type="key", key="text"),
        written(type="key", key={}),
        written(type="key", key={"jwk": JWK}),
        written(type="key", key={"use": ""}),
        written(type="key", key={"use": 7}),
        written(type="key", key={"use": "report", "jwk": JWK | {"d": "secret"}}),
        written(type="key", key={"use": "report", "d": "secret"}),
        written(type="key", key={"use": "report", "k": "secret"}),
        written(type="key", key={"use": "report", "more": "x" * 1000}),
    ],
)
def test_what_is_no_leaf_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        leaf.parse(data)
    assert "张" not in str(refused.value)


@pytest.mark.parametrize(
    "bad",
    [
        Leaf(b"short", AT, "act"),
        Leaf(C, AT, "report"),
        Leaf(C, AT, "act", {"use": "report"}),
        Leaf(C, AT, "key"),
        Leaf(C, AT, "key", {"use": "report", "jwk": JWK | {"d": "x"}}),
        Leaf(C, AT, "key", {"use": "report", "n": 1.5}),
        Leaf(C, AT, "key", {"use": "report", "more": "x" * 1000}),
        Leaf(C, datetime(1969, 1, 1, tzinfo=UTC), "act"),
    ],
)
def test_what_could_not_be_read_is_not_written(bad: Leaf) -> None:
    with pytest.raises(Invalid):
        leaf.encode(bad)


@given(st.data())
def test_no_altered_byte_is_the_same_leaf(data: st.DataObject) -> None:
    good = leaf.encode(KEY)
    at = data.draw(st.integers(0, len(good) - 1))
    try:
        read = leaf.parse(good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :])
    except Invalid:
        return
    assert read != KEY
