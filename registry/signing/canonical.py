"""JSON with one reading and one byte form: RFC 8785 (JCS), read back strictly.

Refused everywhere: floats, integers of 2^53 and more (two parsers may read them differently), duplicate keys, lone
surrogates, more than 16 levels. Numbers that need fractions are written as text.
"""

from __future__ import annotations

import json
import re
from typing import Any

import rfc8785

from registry.errors import Invalid

MAX_BYTES = 65_536
MAX_DEPTH = 16
_LIMIT = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(obj: object, *, field: str = "statement") -> bytes:
    """RFC 8785 encoding of `obj`; Invalid when it holds what the module refuses."""
    _verify_values(obj, field=field, depth=1)
    try:
        return rfc8785.dumps(obj)  # type: ignore[arg-type]  # refuses what it cannot encode
    except ValueError:  # lone surrogates, keys that are not text, types that are not JSON
        raise _not_canonical(field) from None


def loads(data: bytes, *, field: str = "statement", limit: int = MAX_BYTES) -> dict[str, Any]:
    """The object that `data` is the RFC 8785 encoding of, at most `limit` bytes; Invalid names `field`."""
    obj = parse(data, field=field, limit=limit)
    if dumps(obj, field=field) != data:
        raise _not_canonical(field)
    return obj


def parse(data: bytes, *, field: str = "statement", limit: int = MAX_BYTES) -> dict[str, Any]:
    """As `loads`, for objects whose order and white space are free (JOSE headers, files made by hand)."""
    if len(data) > limit:
        raise Invalid(f"{field} must be at most {limit} bytes", field=field, code="statement-too-large")
    try:
        obj = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):  # a decoder's message quotes what it could not read
        raise _not_canonical(field) from None
    if not isinstance(obj, dict):
        raise _not_canonical(field)
    _verify_values(obj, field=field, depth=1)
    return obj


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _verify_values(obj: object, *, field: str, depth: int) -> None:
    if isinstance(obj, float) or (isinstance(obj, int) and abs(obj) >= _LIMIT):
        raise _not_canonical(field)
    if isinstance(obj, str) and _SURROGATE.search(obj):
        raise _not_canonical(field)
    if isinstance(obj, (dict, list, tuple)):
        if depth > MAX_DEPTH:
            raise _not_canonical(field)
        for value in [*obj, *obj.values()] if isinstance(obj, dict) else obj:
            _verify_values(value, field=field, depth=depth + 1)


def _not_canonical(field: str) -> Invalid:
    return Invalid(
        f"{field} must be one JSON object in RFC 8785 form, without floats, duplicate keys or huge numbers",
        field=field,
        code="statement-not-canonical",
    )
