"""Base64url: bytes have one spelling, and that is the one of the standard library without its padding."""

from __future__ import annotations

import base64
from itertools import product
from random import Random
from string import ascii_letters, digits

import pytest

from registry.base64url import decode, encode
from registry.errors import Invalid

ALPHABET = ascii_letters + digits + "-_"


@pytest.mark.parametrize("size", range(70))
def test_it_is_that_of_the_standard_library_without_padding(size: int) -> None:
    data = Random(size).randbytes(size)
    text = encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode(text, field="f") == decode(text, field="f", size=size) == data


@pytest.mark.parametrize("before", ["", "AAAA"])
def test_of_all_texts_with_two_letters_over_only_those_decode_that_encode_to_themselves(before: str) -> None:
    for letters in product(ALPHABET, repeat=2):
        text = before + "".join(letters)
        data = base64.urlsafe_b64decode(text + "==")
        if encode(data) == text:
            assert decode(text, field="f") == data
        else:
            with pytest.raises(Invalid):
                decode(text, field="f")


@pytest.mark.parametrize("last", ALPHABET)
def test_of_three_letters_over_the_last_says_whether_it_decodes(last: str) -> None:
    text = "AA" + last
    data = base64.urlsafe_b64decode(text + "=")
    if encode(data) == text:
        assert decode(text, field="f") == data
    else:
        with pytest.raises(Invalid):
            decode(text, field="f")


@pytest.mark.parametrize("text", ["A", "AAAAA", "AA==", "AA=", "A+AA", "A/AA", "AA AA", "AAAA\n", "ÄAAA", "=", "AAA="])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        decode(text, field="f")


def test_another_size_is_refused() -> None:
    with pytest.raises(Invalid, match="of 32 bytes"):
        decode(encode(bytes(31)), field="f", size=32)
