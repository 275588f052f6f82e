"""Other people's data in text that is shown to others: numbers of documents, telephones, bank cards, e-mail addresses.

Found by their form, so that a number which only looks like one is refused too; names and addresses are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from registry.errors import Invalid
from registry.reports.prose import folded, verify_no_number

_PART: Final = r"[ \-.·\u2010-\u2015]?"


def _is_card(found: str) -> bool:
    """Whether the digits pass the check of ISO/IEC 7812 (Luhn), as every bank card's do."""
    digits = [int(c) for c in reversed(found) if c.isdecimal()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _always(_found: str) -> bool:
    return True


# What it is called, how it looks, and what else must be true of it.
_FORMS: Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]] = MappingProxyType(
    {
        "an e-mail address": (re.compile(r"[A-Za-z0-9._%+-]+\s?@\s?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"), _always),
        "the number of an identity document": (
            re.compile(
                r"(?<![A-Z0-9])(?:[A-Z]{3}[0-9]{12}"  # foreign resident's card until 2023
                r"|[A-Z]{1,2}[0-9]{7,10}"  # passports, and permits for Hong Kong, Macao and Taiwan
                r"|[A-Z]{1,2}[0-9]{6}\s?\([0-9A]\))(?![A-Z0-9])",  # Hong Kong identity card
                re.IGNORECASE,
            ),
            _always,
        ),
        "the number of a bank card": (re.compile(rf"(?<![0-9])[3-6](?:{_PART}[0-9]){{14,18}}(?![0-9])"), _is_card),
        "a telephone number": (
            re.compile(
                rf"(?<![0-9])(?:\+?86{_PART})?1[3-9][0-9](?:{_PART}[0-9]{{4}}){{2}}(?![0-9])"  # mobile
                rf"|(?<![0-9])\(?0[1-9][0-9]{{1,2}}\)?{_PART}[0-9]{{3,4}}{_PART}[0-9]{{4}}(?![0-9])"  # fixed line
                r"|(?<![0-9])400[- ]?[0-9]{3}[- ]?[0-9]{4}(?![0-9])"
                rf"|\+[1-9](?:{_PART}[0-9]){{7,14}}(?![0-9])"  # from abroad (E.164)
            ),
            _always,
        ),
    }
)


def verify_scrubbed(text: str, *, field: str) -> None:
    """Raise Invalid (code `personal-data-in-text`) that names the kind of data found, and never the data."""
    verify_no_number(text, field=field)
    plain = folded(text)
    for kind, (form, holds) in _FORMS.items():
        if any(holds(found.group()) for found in form.finditer(plain)):
            raise Invalid(
                "{what} must not hold {kind}, because others will read it; leave it out",
                field=field,
                code="personal-data-in-text",
                what=field,
                kind=kind,
            )
