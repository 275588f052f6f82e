"""What is shown to others holds nobody's numbers."""

from __future__ import annotations

import pytest

from registry.errors import Invalid
from registry.reports.scrub import verify_scrubbed
from tests.filing import NUMBER


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"身份证{NUMBER}的员工", "an identity number"),
        ("外国人永居证CHN110105199001", "the number of an identity document"),
        ("护照 E12345678 的同事", "the number of an identity document"),
        ("通行证H1234567890", "the number of an identity document"),
        ("HKID A123456(3)", "the number of an identity document"),
        ("ｃａｌｌ １３８００１３８０００", "a telephone number"),
        ("打138-0013-8000找他", "a telephone number"),
        ("+86 138 0013 8000", "a telephone number"),
        ("办公室(010) 8888-7777", "a telephone number"),
        ("+44 20 7946 0958", "a telephone number"),
        ("pay 6222 0212 3456 7894", "the number of a bank card"),
        ("卡号4111111111111111。", "the number of a bank card"),
        ("write to li.wei@example.com", "an e-mail address"),
        ("li.wei @ mail.example.cn", "an e-mail address"),
    ],
)
def test_each_kind_is_named_and_never_repeated(text: str, kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        verify_scrubbed(text, field="text")
    assert kind in refused.value.message
    assert not any(word in refused.value.message for word in text.split())


@pytest.mark.parametrize(
    "text",
    [
        "I was on leave from 2026-01-20 to 2026-02-20, see minutes 4 to 9.",
        "700 条记录，25000 元，2026年1月20日 10:00:00",
        "waybill 4111111111111112",  # no bank card's check digit
        "SPB-2026-0117, ZL-7F3K-9QX2",
        "room 12345678",
    ],
)
def test_other_words_and_digits_are_left_alone(text: str) -> None:
    verify_scrubbed(text, field="text")
