"""A PDF that can be read and does nothing else: no script, no action on opening, no file inside, no form that computes.

Every object that can be reached from the trailer is looked at, whatever stream it is packed into. What is refused is
what PDF 2.0 (ISO 32000-2) lets a file do beyond showing pages: clause 12.6 (actions), 7.11.4 (embedded files), 12.7.8
(XFA), 13 (multimedia, 3D). A link that only jumps within the file may stay.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from registry import policy
from registry.errors import Invalid

_HEAD: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_END: Final = re.compile(rb"%%EOF\s*\Z")
_FORBIDDEN_KEYS: Final = frozenset(
    {"/AA", "/AF", "/EF", "/EmbeddedFiles", "/JS", "/JavaScript", "/RichMediaContent", "/XFA"}
)
_FORBIDDEN_TYPES: Final = frozenset(
    {"/EmbeddedFile", "/RichMedia", "/3D", "/Movie", "/Screen", "/Sound", "/FileAttachment"}
)
_HARMLESS_ACTIONS: Final = frozenset({"/GoTo", "/Named"})
_ACTIONS: Final = ("/A", "/OpenAction", "/Next")  # where an action stands; elsewhere /S is something else
_BROKEN: Final = (
    PyPdfError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    RecursionError,
)


def is_document(data: bytes) -> bool:
    return bool(_HEAD.match(data) and _END.search(data[-1024:]))


def verify(data: bytes) -> None:
    """Raise Invalid with one sentence for a PDF that is broken, encrypted, too long, or that can do something."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise _refused("the PDF is encrypted; save it without a password", "exhibit-encrypted")
        if not 1 <= len(reader.pages) <= policy.EXHIBIT_PAGES:
            raise _refused(
                "a PDF must have 1 to {most} pages; hand in a part of it", "exhibit-pages", most=policy.EXHIBIT_PAGES
            )
        active = any(_acts(found) for found in _dictionaries(reader))
    except _BROKEN:  # what a hostile file makes the reader stumble over is of no interest
        raise _refused("the PDF is damaged; print it into a new one", "exhibit-kind") from None
    if active:
        raise _refused("the PDF holds a script, an action, a form or a file; print it into a new one", "exhibit-active")


def _dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary that the trailer leads to; ValueError when there is no end of them."""
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.trailer]
    count = 0
    while waiting:
        found, count = waiting.pop(), count + 1
        if count > policy.EXHIBIT_OBJECTS:
            raise ValueError("too many objects")
        if isinstance(found, IndirectObject):
            if (name := (found.idnum, found.generation)) not in seen:
                seen.add(name)
                waiting.append(found.get_object())
        elif isinstance(found, ArrayObject):
            waiting.extend(found)
        elif isinstance(found, DictionaryObject):
            yield found
            waiting.extend(found.values())


def _acts(found: DictionaryObject) -> bool:
    if found.keys() & _FORBIDDEN_KEYS or (isinstance(found, StreamObject) and "/F" in found):  # F: another file's data
        return True
    if {str(found.get(name)) for name in ("/Type", "/Subtype")} & _FORBIDDEN_TYPES:
        return True
    return any(_leads_outside(found[name]) for name in _ACTIONS if name in found)


def _leads_outside(value: Any) -> bool:
    """Whether it is an action that does more than jump; a place to jump to is an array, and structure uses /A too."""
    if isinstance(value, ArrayObject):
        return any(_leads_outside(item.get_object()) for item in value)
    return isinstance(value, DictionaryObject) and "/S" in value and str(value["/S"]) not in _HARMLESS_ACTIONS


def _refused(template: str, code: str, **values: int) -> Invalid:
    return Invalid(template, field="exhibit", code=code, **values)
