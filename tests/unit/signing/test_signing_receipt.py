"""A receipt stands for exactly the answers it was given for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import base64url
from registry.errors import Invalid
from registry.signing import canonical, jws, keys, receipt

NOW = datetime(2026, 11, 23, 8, 30, 0, 500_000, tzinfo=UTC)
KEY, OTHER = keys.generate(), keys.generate()
ANSWERS = [
    {"id": "c1", "tag": "AAAA", "outcome": "no-entry", "reference": None},
    {"id": "c2", "tag": "BBBB", "outcome": "entry", "reference": "E-7"},
]
RECORD = canonical.dumps({"act": "a1", "facts": {"answers": receipt.answers_digest(ANSWERS)}, "verb": "check"})
PARTS: dict[str, Any] = {
    "issuer": "https://registry.example",
    "member": "M-01",
    "jti": "r1",
    "now": NOW,
    "answers": ANSWERS,
    "leaf": bytes(range(32)),
    "salt": bytes(32),
    "record": RECORD,
    "size": 70_000,
    "root": b"\1" * 32,
    "key": KEY,
}
TOKEN = receipt.issue(**PARTS)
PAYLOAD = jws.parse(TOKEN, typ="receipt+jwt").payload


def verify(token: str, answers: list[dict[str, Any]] = ANSWERS, **more: Any) -> receipt.Receipt:
    return receipt.verify(token, answers=answers, registry_key=KEY.public_key(), **more)


def test_what_was_issued_is_read_back() -> None:
    got = verify(TOKEN, member="M-01")
    at = NOW.replace(microsecond=0)
    assert (got.issuer, got.member, got.jti, got.count) == ("https://registry.example", "M-01", "r1", 2)
    assert (got.at, got.deadline) == (at, at + timedelta(seconds=60))
    assert (got.leaf, got.salt, got.record) == (PARTS["leaf"], PARTS["salt"], RECORD)
    assert (got.size, got.root) == (70_000, b"\1" * 32)


def test_the_payload_is_that_of_the_docstring() -> None:
    expected = {
        "answers": base64url.encode(hashlib.sha256(canonical.dumps(ANSWERS)).digest()),
        "aud": "M-01",
        "checkpoint": {"root": base64url.encode(b"\1" * 32), "size": 70_000},
        "count": 2,
        "deadline": int(NOW.timestamp()) + 60,
        "iat": int(NOW.timestamp()),
        "iss": "https://registry.example",
        "jti": "r1",
        "kind": "checks",
        "leaf": base64url.encode(bytes(range(32))),
        "opening": {"record": base64url.encode(RECORD), "salt": base64url.encode(bytes(32))},
    }
    assert expected == PAYLOAD


OTHER_ANSWERS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "one missing": lambda: ANSWERS[:1],
    "none": list,
    "one more": lambda: [*ANSWERS, ANSWERS[0]],
    "another order": lambda: ANSWERS[::-1],
    "another outcome": lambda: [ANSWERS[0], ANSWERS[1] | {"outcome": "no-entry"}],
    "another person": lambda: [ANSWERS[0] | {"tag": "CCCC"}, ANSWERS[1]],
    "something added": lambda: [ANSWERS[0] | {"note": ""}, ANSWERS[1]],
}


@pytest.mark.parametrize("other", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS.keys())
def test_a_receipt_for_other_answers_is_refused(other: Callable[[], list[dict[str, Any]]]) -> None:
    with pytest.raises(Invalid) as refused:
        verify(TOKEN, other())
    assert (refused.value.field, refused.value.code) == ("answers", "receipt-answers")


def test_the_count_is_compared_too() -> None:
    token = jws.sign(PAYLOAD | {"count": 3}, typ=receipt.TYP, key=KEY)
    with pytest.raises(Invalid) as refused:
        verify(token)
    assert refused.value.code == "receipt-answers"


def test_a_receipt_for_another_member_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        verify(TOKEN, member="M-02")
    assert refused.value.field == "aud"


def test_a_receipt_by_another_key_is_unknown() -> None:
    with pytest.raises(Invalid) as refused:
        verify(receipt.issue(**(PARTS | {"key": OTHER})))
    assert refused.value.code == "key-unknown"


def test_any_of_the_registry_s_keys_will_do() -> None:
    known = {keys.thumbprint(key.public_key()): key.public_key() for key in (OTHER, KEY)}
    assert receipt.verify_with(TOKEN, answers=ANSWERS, key_for=known.__getitem__).count == 2


def test_another_kind_of_statement_is_no_receipt() -> None:
    with pytest.raises(Invalid) as refused:
        verify(jws.sign(PAYLOAD, typ="report+jwt", key=KEY))
    assert refused.value.code == "statement-kind"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "reports"}, "kind"),
        ({"deadline": PAYLOAD["iat"] + 61}, "deadline"),
        ({"deadline": PAYLOAD["iat"]}, "deadline"),
        ({"count": 0}, "count"),
        ({"count": "2"}, "count"),
        ({"leaf": "AAAA"}, "leaf"),
        ({"answers": "AAAA"}, "answers"),
        ({"opening": {"salt": PAYLOAD["opening"]["salt"]}}, "opening.record"),
        ({"opening": PAYLOAD["opening"] | {"salt": "AAAA"}}, "opening.salt"),
        ({"opening": PAYLOAD["opening"] | {"more": 1}}, "opening"),
        ({"opening": None}, "opening"),
        ({"checkpoint": {"root": PAYLOAD["checkpoint"]["root"]}}, "checkpoint.size"),
        ({"checkpoint": PAYLOAD["checkpoint"] | {"size": -1}}, "checkpoint.size"),
        ({"checkpoint": PAYLOAD["checkpoint"] | {"root": "AAAA"}}, "checkpoint.root"),
        ({"checkpoint": []}, "checkpoint"),
        ({"nbf": 1}, "statement"),
        ({"iss": ""}, "iss"),
        ({"iat": True}, "iat"),
    ],
)
def test_a_receipt_that_is_signed_but_wrong_names_its_fault(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        verify(jws.sign(PAYLOAD | change, typ=receipt.TYP, key=KEY))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"not JSON",
        b'{"facts": {}}',
        b"{}",
        b'{"facts":{}}',
        b'{"facts":[]}',
        b'{"facts":{"answers":"AAAA"}}',
        canonical.dumps({"answers": receipt.answers_digest(ANSWERS)}),
    ],
)
def test_an_act_that_does_not_name_the_answers_cannot_be_their_receipt(record: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        receipt.issue(**(PARTS | {"record": record}))
    assert refused.value.field == "opening.record"
    opening = PAYLOAD["opening"] | {"record": base64url.encode(record)}
    with pytest.raises(Invalid):
        verify(jws.sign(PAYLOAD | {"opening": opening}, typ=receipt.TYP, key=KEY))


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        ("answers", [], "count"),
        ("leaf", bytes(31), "leaf"),
        ("salt", bytes(16), "opening.salt"),
        ("root", b"", "checkpoint.root"),
        ("size", -1, "checkpoint.size"),
        ("member", "", "aud"),
        ("jti", "two words", "jti"),
    ],
)
def test_what_would_not_verify_is_not_issued(part: str, value: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        receipt.issue(**(PARTS | {part: value}))
    assert refused.value.field == field


def test_a_thousand_answers_fit_in_a_receipt() -> None:
    answers = [{"id": f"c{n}", "tag": "A" * 43, "outcome": "no-entry", "reference": None} for n in range(1000)]
    record = canonical.dumps({"facts": {"answers": receipt.answers_digest(answers)}})
    token = receipt.issue(**(PARTS | {"answers": answers, "record": record}))
    assert verify(token, answers).count == 1000
    assert len(token) < 2000


def test_answers_with_fractions_have_no_digest() -> None:
    with pytest.raises(Invalid) as refused:
        receipt.answers_digest([{"score": 0.5}])
    assert refused.value.field == "answers"


def test_the_opening_is_not_printed() -> None:
    assert "record" not in repr(verify(TOKEN))


@given(st.data())
def test_an_altered_receipt_never_verifies(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 1))
    put = data.draw(st.sampled_from("ABab01-_.="))
    if put == TOKEN[at]:
        return
    with pytest.raises(Invalid):
        verify(TOKEN[:at] + put + TOKEN[at + 1 :])
