"""Documents of every type are spelled in the browser as in Python, or refused with the same code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from registry.errors import Invalid
from registry.identity import document

Node = Callable[..., Any]
TODAY = date(2026, 11, 23)

TYPES = ["CN-RIC", "CN-HMT", "CN-FPR", "PASSPORT:JPN"]
OF_OTHER_SPELLING = ["cn-ric", "PASSPORT:", "PASSPORT", "PASSPORT:JP", "PASSPORT:JAPAN", "CN-XXX", "toString", ""]


def eighteen(first17: str) -> str:
    return first17 + document.check_digit(first17)


TEXTS = [
    "11010519491231002X",
    "110105491231002",
    eighteen("81000019900101001"),
    eighteen("82000019900101001"),
    eighteen("84000019900101001"),
    eighteen("91112419900101001"),
    eighteen("91112419900231001"),
    "911124199001010011",
    "ABC123456789012",
    "abc 1234 5678 9012",
    "AB1234567890123",
    "TK1234567",
    "tk-123 4567",
    "\uff34\uff2b\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
    "T123",
    "T" * 21,
    "TK12_4567",
    "1.2E+15",
    "123456.",
    "stra\u00dfe",
    "",
    "   ",
    "9" * 201,
]


def in_python(text: str, type: str) -> str:
    try:
        return document.parse(text, type, today=TODAY).number
    except Invalid as refused:
        return refused.code


@pytest.mark.parametrize("type", TYPES)
def test_each_type_is_spelled_or_refused_as_in_python(node: Node, type: str) -> None:
    answers = node("parse", texts=TEXTS, today=f"{TODAY:%Y%m%d}", type=type)
    found = [answer["value"]["number"] if "value" in answer else answer["refused"] for answer in answers]
    assert dict(zip(TEXTS, found, strict=True)) == {text: in_python(text, type) for text in TEXTS}


@pytest.mark.parametrize("type", OF_OTHER_SPELLING)
def test_another_type_is_refused(node: Node, type: str) -> None:
    (answer,) = node("parse", texts=["TK1234567"], today=f"{TODAY:%Y%m%d}", type=type)
    assert answer["refused"] == "document-type"
