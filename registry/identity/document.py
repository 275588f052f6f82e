"""An identity document: type and number, in the one spelling from which its tag is made.

A new type is one line in `_NORMALISERS`. Nothing here repeats a number: not an error, not a repr.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from registry.errors import Invalid

from .countries import ALPHA_3

RESIDENT = "CN-RIC"
"""Resident identity card of the mainland (GB 11643-1999)."""

HONG_KONG_MACAO_TAIWAN = "CN-HMT"
"""Residence permit for residents of Hong Kong, Macao and Taiwan (2018)."""

FOREIGN_RESIDENT = "CN-FPR"
"""Foreign permanent resident's card: 15 characters until 2023, 18 digits since."""

PASSPORT = "PASSPORT:"
"""Followed by the ISO 3166-1 alpha-3 code of the issuing country."""

EARLIEST_YEAR, LATEST_YEAR = 1800, 2099
"""Years of birth that are believed when the caller does not say what day it is."""

_LONGEST_TEXT = 200
_IGNORED = ("Cf", "Pd", "Zl", "Zp", "Zs")  # invisible characters, hyphens and dashes, separators
_FROM_SPREADSHEET = re.compile(r"[0-9]+(\.[0-9]*)?E\+?[0-9]+|[0-9]+\.[0-9]*")
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")  # GB/T 2260, first two digits
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Document:
    """A normalised identity document, made by `parse`. Its repr shows the type only."""

    type: str
    number: str = field(repr=False)

    @property
    def oprf_input(self) -> bytes:
        """UTF-8 of `TYPE:NUMBER`, from which the tag is made."""
        return f"{self.type}:{self.number}".encode()


def parse(text: str, type: str = RESIDENT, *, today: date | None = None) -> Document:
    """The document that a person typed: spaces, hyphens, full-width digits and small letters are forgiven.

    `today` bounds the date of birth. Raises Invalid with `field` "number" and one of the codes number-empty,
    number-length, number-characters, number-spreadsheet, number-region, number-date and number-check-digit;
    or with `field` "type" and the code document-type.
    """
    type = type.strip().upper()
    normalise = _normaliser(type)
    return Document(type, normalise(_fold(text), today or date(LATEST_YEAR, 12, 31)))


def check_digit(first17: str) -> str:
    """The eighteenth character after seventeen digits: ISO 7064 MOD 11-2, "0" to "9" or "X"."""
    if not re.fullmatch(r"[0-9]{17}", first17):
        raise _refused("length", "A check digit is computed from exactly 17 digits.")
    return _CHECK_DIGITS[sum(int(d) * w for d, w in zip(first17, _WEIGHTS, strict=True)) % 11]


def _normaliser(type: str) -> Callable[[str, date], str]:
    if type.startswith(PASSPORT) and type.removeprefix(PASSPORT) in ALPHA_3:
        return _passport
    if type not in _NORMALISERS:
        raise Invalid(
            f"The document type must be {', '.join(_NORMALISERS)} or {PASSPORT} and a three-letter country.",
            field="type",
            code="document-type",
        )
    return _NORMALISERS[type]


def _fold(text: str) -> str:
    """Full-width characters made narrow, letters raised; spaces, hyphens and invisible characters dropped."""
    if len(text) > _LONGEST_TEXT:
        raise _refused("length", "The number is far too long; give one number of one document.")
    folded = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "")
    kept = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in _IGNORED)
    if not kept:
        raise _refused("empty", "The number is empty; copy it from the document.")
    if not kept.isascii():  # before raising letters, which would turn a sharp s into two
        raise _refused("characters", "The number has characters that no document number has.")
    return kept.upper()


def _resident(text: str, today: date) -> str:
    if re.fullmatch(r"[0-9]{15}", text):  # issued until 1999: year in two digits, no check digit
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    return _eighteen(text, today, region=_mainland)


def _hong_kong_macao_taiwan(text: str, today: date) -> str:
    return _eighteen(text, today, region=_across)


def _foreign_resident(text: str, today: date) -> str:
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", text):  # issued until 2023; its own check digit is not published
        return text
    return _eighteen(text, today, region=_foreign)


def _passport(text: str, today: date) -> str:
    if re.fullmatch(r"[A-Z0-9]{5,20}", text):
        return text
    if _FROM_SPREADSHEET.fullmatch(text):
        raise _from_spreadsheet()
    if re.fullmatch(r"[A-Z0-9]*", text):
        raise _refused("length", "A passport number has 5 to 20 characters.")
    raise _refused("characters", "A passport number has only the letters A to Z and digits.")


_NORMALISERS: dict[str, Callable[[str, date], str]] = {
    RESIDENT: _resident,
    HONG_KONG_MACAO_TAIWAN: _hong_kong_macao_taiwan,
    FOREIGN_RESIDENT: _foreign_resident,
}


def _eighteen(text: str, today: date, *, region: Callable[[str], None]) -> str:
    """Six digits of region, eight of birth, three of sequence, one check character (GB 11643-1999)."""
    _require_shape(text)
    region(text)
    _require_birth(text[6:14], today)
    if check_digit(text[:17]) != text[17]:
        if text.endswith("000"):  # a spreadsheet keeps fifteen digits of a number
            raise _from_spreadsheet()
        raise _refused("check-digit", "The last character does not fit the other 17; read the number once more.")
    return text


def _require_shape(text: str) -> None:
    if re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return
    if _FROM_SPREADSHEET.fullmatch(text):
        raise _from_spreadsheet()
    if re.fullmatch(r"[0-9]*X?", text):
        raise _refused("length", "The number must have 18 characters.")
    raise _refused("characters", "The number must have only digits, and an X at the end at most.")


def _require_birth(digits: str, today: date) -> None:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise _refused("date", "The date of birth in the number is not in the calendar.") from None
    if not date(EARLIEST_YEAR, 1, 1) <= birth <= today:
        raise _refused("date", "The date of birth in the number is too long ago or in the future.")


def _mainland(text: str) -> None:
    if not _PROVINCES.match(text):
        raise _refused(
            "region",
            "The number must begin with the code of a province; cards beginning with 8 or 9 are other types.",
        )


def _across(text: str) -> None:
    if text[:2] not in ("81", "82", "83"):
        raise _refused("region", "The number of this permit must begin with 81, 82 or 83.")


def _foreign(text: str) -> None:
    if text[0] != "9":
        raise _refused("region", "The number of this card must begin with 9, or with three letters.")


def _from_spreadsheet() -> Invalid:
    return _refused(
        "spreadsheet", "A spreadsheet has rounded the number; format the column as text and enter it again."
    )


def _refused(slug: str, message: str) -> Invalid:
    return Invalid(message, field="number", code=f"number-{slug}")
