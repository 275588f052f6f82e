"""Identity numbers that are disguised, and figures that only look like one."""

from __future__ import annotations

import pytest

from registry.errors import Invalid
from registry.reports.prose import verify_no_number

LATIN_TO_ARABIC = {ord("0") + digit: 0x0660 + digit for digit in range(10)}


@pytest.mark.parametrize(
    "text",
    [
        "R11010519491231002X",
        "id11010519491231002Xid",
        "11010519491231002x.",
        "1101 0519 4912 31002X",
        "110105 1949-12-31 002X",
        "110105.1949.12.31.002.X",
        "110105/19491231/002X",
        "110105_19491231_002X",
        "110105 - 19491231 - 002X",
        "1101\u20110519\u20134912\u221231002X",
        "110105\u200b19491231\u200b002X",
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
        "１１０１０５　１９４９　１２　３１　００２Ｘ",
        "11010519491231002X".translate(LATIN_TO_ARABIC),
        "no. 5 11010519491231002X",  # a figure before it
        "11010519491231002X 7",
        "440524188001010014 x 3",
        "13800138000 440524188001010014 2026-01-20",
        "810000199408230021",  # a residence permit, of Hong Kong
    ],
)
def test_a_number_in_disguise_is_found(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        verify_no_number(text, field="narrative")
    assert (refused.value.field, refused.value.code) == ("narrative", "number-in-text")
    assert "110105" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "110105491231002",
        "ID110105491231002",
        "110105 491231 002",
        "110105-49-12-31-002",
        "110 105 491 231 002",
        "1101 0549 1231 002",
        "11010 54912 31002",
        "１１０１０５４９１２３１００２",
    ],
)
def test_a_number_of_the_short_form_is_found(text: str) -> None:
    with pytest.raises(Invalid):
        verify_no_number(text, field="narrative")


@pytest.mark.parametrize(
    "text",
    [
        "parcel 110105491231",
        "parcels 1101054912310, SF1101054912310 and 11010549123100",
        "110105491331002",  # fifteen digits whose month is a thirteenth
        "990105491231002",  # and these whose province is none
        "JD110105990230002",  # thirtieth of February
        "1101054912310023",  # sixteen
        "11010519491231002X"[:17],  # seventeen
        "13812312052 2026",  # a telephone number and a year
        "138-1231-2052, 139 1234 5678, +86 138 1231 2052",
        "13812312052 13912312053 13712312054",
        "2026-01-20 09:15:30, 2026/02/20, 20260220",
        "from 2026-01-20 to 2026-02-20 2500 records",
        "ZL-7F3K-9QX2 and ZL-1101-0549",
        "(2026)京0105民初12345号",
        "6222021234567890123",  # a bank card
        "6222 0212 3456 7890",
        "91110105MA01ABCD2X",  # a company's social credit code
        "192.168.10.25, port 8443, 1,200,300.50 CNY",
        "case 110105 of 1949-12-31",
    ],
)
def test_other_figures_are_left_alone(text: str) -> None:
    verify_no_number(text, field="narrative")


def test_a_long_text_of_figures_is_read_in_good_time() -> None:
    verify_no_number("1 " * 20_000 + "." * 20_000 + "1" * 20_000, field="narrative")
