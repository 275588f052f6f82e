"""Free text that somebody wrote about somebody: its length, and that it holds no identity number.

Numbers never reach the registry in the clear, and the easiest way for one to do so is a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from registry.errors import Invalid
from registry.identity import document
from registry.signing.claims import prose

# As people write it: in one piece, or parted after the region and the birthday.
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx](?![0-9A-Za-z])")
_TYPES: Final = (document.RESIDENT, document.HONG_KONG_MACAO_TAIWAN, document.FOREIGN_RESIDENT)


def verify_prose(text: object, *, field: str, most: int) -> str:
    """The text, if it has 1 to `most` characters, no control characters but line feeds, and no identity number."""
    rule = prose(most)
    if not isinstance(text, str) or not rule.accepts(text):
        raise Invalid(f"{field} must be {rule.phrase}", field=field)
    verify_no_number(text, field=field)
    return text


def verify_no_number(text: str, *, field: str) -> None:
    """Raise Invalid when a valid identity number of 18 characters stands in the text."""
    folded = unicodedata.normalize("NFKC", text)
    if any(_is_number(match.group()) for match in _NUMBER.finditer(folded)):
        raise Invalid(
            f"{field} must not hold an identity number; leave the number out", field=field, code="number-in-text"
        )


def _is_number(text: str) -> bool:
    return any(_parses(text, type) for type in _TYPES)


def _parses(text: str, type: str) -> bool:
    try:
        document.parse(text, type)
    except Invalid:
        return False
    return True
