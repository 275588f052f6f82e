"""One reading and one byte form, or refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Invalid
from registry.signing import canonical

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@given(OBJECTS)
def test_what_was_written_is_read_back_and_written_the_same(obj: dict[str, object]) -> None:
    data = canonical.dumps(obj)
    assert canonical.loads(data) == obj
    assert canonical.dumps(canonical.loads(data)) == data


def test_the_example_of_rfc_8785_sorts_by_utf_16() -> None:
    obj = {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew", "1": "One", "\U0001f600": "Emoji"}
    assert list(canonical.loads(canonical.dumps(obj))) == ["\r", "1", "\u20ac", "\U0001f600", "\ufb33"]


REFUSED = {
    "a duplicate key": b'{"a":1,"a":2}',
    "a duplicate key deep inside": b'{"a":[{"b":1,"b":1}]}',
    "a duplicate key by escape": b'{"a":1,"\\u0061":1}',
    "not a number": b'{"a":NaN}',
    "infinity": b'{"a":Infinity}',
    "minus infinity": b'{"a":-Infinity}',
    "a float": b'{"a":1.5}',
    "a float that is whole": b'{"a":1.0}',
    "an exponent": b'{"a":1e3}',
    "a float that overflows": b'{"a":1e400}',
    "2^53": b'{"a":9007199254740992}',
    "minus 2^53": b'{"a":-9007199254740992}',
    "30 digits": b'{"a":' + b"9" * 30 + b"}",
    "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate as key": b'{"\\udfff":1}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a":1}'.encode("utf-16-le"),
    "not UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "an encoded surrogate": b'{"a":"\xed\xa0\x80"}',
    "a list": b"[1]",
    "text": b'"a"',
    "nothing": b"",
    "two objects": b"{}{}",
    "cut short": b'{"a":1',
    "17 levels": nested(17),
    "20,000 levels": b'{"a":' + b"[" * 20000 + b"]" * 20000 + b"}",
}
NOT_CANONICAL = {
    "white space": b'{"a": 1}',
    "a line feed after it": b'{"a":1}\n',
    "another order": b'{"b":1,"a":2}',
    "a needless escape": b'{"a":"\\u0041"}',
    "an escaped slash": b'{"a":"\\/"}',
    "minus zero": b'{"a":-0}',
    "upper-case escape": b'{"a":"\\u001F"}',
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("read", [canonical.loads, canonical.parse])
def test_what_two_readers_could_read_differently_is_refused(read, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(data)
    assert (refused.value.field, refused.value.code) == ("statement", "statement-not-canonical")


@pytest.mark.parametrize("data", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_a_second_byte_form_is_refused_where_the_bytes_are_signed(data: bytes) -> None:
    assert isinstance(canonical.parse(data), dict)
    with pytest.raises(Invalid, match="RFC 8785"):
        canonical.loads(data)


def test_sixteen_levels_and_the_greatest_numbers_are_allowed() -> None:
    assert canonical.loads(nested(16))
    assert canonical.loads(b'{"a":9007199254740991,"b":-9007199254740991}')


def test_a_statement_has_at_most_64_kib() -> None:
    fits = canonical.dumps({"a": "x" * (canonical.MAX_BYTES - 8)})
    assert len(fits) == canonical.MAX_BYTES
    assert canonical.loads(fits)
    with pytest.raises(Invalid) as refused:
        canonical.loads(canonical.dumps({"a": "x" * (canonical.MAX_BYTES - 7)}))
    assert refused.value.code == "statement-too-large"


@pytest.mark.parametrize(
    "obj",
    [
        {"a": 1.5},
        {"a": float("nan")},
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": "\ud800"},
        {"\ud800": 1},
        {1: 2},
        {"a": b"x"},
    ],
)
def test_what_cannot_be_read_back_is_not_written(obj: dict[object, object]) -> None:
    with pytest.raises(Invalid):
        canonical.dumps(obj)


@given(OBJECTS, st.data())
def test_no_altered_byte_leaves_the_meaning(obj: dict[str, object], data: st.DataObject) -> None:
    good = canonical.dumps(obj)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        read = canonical.loads(bad)
    except Invalid:
        return
    assert read != obj


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    for data in (b'{"11010519491231002X":1,"11010519491231002X":1}', b'{"a":110105194912310020000}'):
        with pytest.raises(Invalid) as refused:
            canonical.loads(data)
        assert "110105" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_plain_json_readers_agree_with_ours() -> None:
    data = canonical.dumps({"名": "张伟", "n": [1, True, None, {"x": "\u0000"}]})
    assert json.loads(data) == canonical.loads(data)
