"""Numbers do not reach the registry inside a sentence."""

from __future__ import annotations

import pytest

from registry.errors import Invalid
from registry.reports.prose import verify_no_number, verify_prose
from tests.filing import NUMBER


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"身份证{NUMBER}的员工",
        NUMBER.lower(),
        "110105 19491231 002X",
        "110105-19491231-002X",
        NUMBER.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"}),
        "a first line\n440524188001010014\nand a last",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        verify_no_number(text, field="narrative")
    assert refused.value.message == "narrative must not hold an identity number; leave the number out"


@pytest.mark.parametrize(
    "text",
    [
        "waybill 110105194912310021",  # the check digit does not fit
        "order 9911051949123100218765",  # longer
        "from 2026-01-20 to 2026-02-20, 25000 records",
        "13800138000",
    ],
)
def test_other_digits_are_left_alone(text: str) -> None:
    verify_no_number(text, field="narrative")


@pytest.mark.parametrize("text", ["", "  ", "x" * 11, "a\x07", None, 5, ["a"]])
def test_text_is_of_bounded_length_and_printable(text: object) -> None:
    with pytest.raises(Invalid, match="reasons must be text of 1 to 10 characters"):
        verify_prose(text, field="reasons", most=10)


def test_good_text_is_given_back_as_it_is() -> None:
    assert verify_prose("拖欠\n工资", field="reasons", most=10) == "拖欠\n工资"
