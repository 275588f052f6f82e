"""Free text that somebody wrote about somebody: its length, and that it holds no identity number.

Numbers never reach the registry in the clear, and the easiest way for one to do so is a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from registry.errors import Invalid
from registry.identity import document
from registry.signing.claims import prose

# Digits in groups, however they are parted: spaces, hyphens, dashes, dots, strokes, underscores, also in a row.
_PARTED: Final = r"[\s.\-_/\u00b7\u2010-\u2015\u2212]"
_GROUPS: Final = re.compile(rf"[0-9]+(?:{_PARTED}+[0-9]+)*(?:{_PARTED}*[Xx])?")
_GROUP: Final = re.compile(r"[0-9]+|[Xx]")
_LONG, _SHORT = 18, 15  # characters; the short form was issued until 1999 and has no check digit
# So a number of the short form is parted, if at all; else a telephone number and a year would make one.
_CUTS_OF_SHORT: Final = (
    frozenset({6, 8, 10, 12}),  # at region, year, month, day
    frozenset({3, 6, 9, 12}),
    frozenset({4, 8, 12}),
    frozenset({5, 10}),
)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TYPES: Final = (document.RESIDENT, document.HONG_KONG_MACAO_TAIWAN, document.FOREIGN_RESIDENT)


def verify_prose(text: object, *, field: str, most: int) -> str:
    """The text, if it has 1 to `most` characters, no control characters but line feeds, and no identity number."""
    rule = prose(most)
    if not isinstance(text, str) or not rule.accepts(text):
        raise Invalid(
            "{what} must be text of 1 to {most} characters without control characters",
            field=field,
            what=field,
            most=most,
        )
    verify_no_number(text, field=field)
    return text


def verify_no_number(text: str, *, field: str) -> None:
    """Raise Invalid when an identity number of 18 characters, or of 15 with a possible birthday, stands in the text.

    It is found between letters and in groups; not within a longer unbroken row of digits, where chance would find one.
    """
    if any(_holds_number(_GROUP.findall(found.group())) for found in _GROUPS.finditer(folded(text))):
        raise Invalid(
            "{what} must not hold an identity number; leave the number out",
            field=field,
            code="number-in-text",
            what=field,
        )


def verify_no_numbers(document: Mapping[str, object]) -> None:
    """The same for every text in a JSON object, at whatever depth. A digest is no text: chance may put one there."""
    for where, text in _texts("", document):
        if not _DIGEST.fullmatch(text):
            verify_no_number(text, field=where)


def _texts(where: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text in a value with the name of its place; what a member is called is a text of the object it is in."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield where or "statement", name
            yield from _texts(f"{where}.{name}" if where else name, inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(f"{where}[{place}]", inner)


def folded(text: str) -> str:
    """Every script's digits as ASCII, full-width characters narrow, without what is invisible."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in kept)


def _holds_number(groups: list[str]) -> bool:
    return any(_starts_number(groups[first : first + _LONG]) for first in range(len(groups)))


def _starts_number(groups: list[str]) -> bool:
    """Whether the first groups, the first two, the first three… make one number."""
    cuts, text = set[int](), ""
    for group in groups:
        text += group
        if len(text) >= _LONG:
            return len(text) == _LONG and _is_number(text)
        if len(text) == _SHORT and any(cuts <= allowed for allowed in _CUTS_OF_SHORT) and _is_number(text):
            return True
        cuts.add(len(text))
    return False


def _is_number(text: str) -> bool:
    return any(_parses(text, type) for type in _TYPES)


def _parses(text: str, type: str) -> bool:
    try:
        document.parse(text, type)
    except Invalid:
        return False
    return True
