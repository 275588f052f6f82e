"""Base64url without padding (RFC 4648 section 5): the one text form of bytes in every interface."""

from __future__ import annotations

import base64
import re

from registry.errors import Invalid

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, *, field: str, size: int | None = None) -> bytes:
    """The bytes, if `text` is the one canonical encoding of them, of `size` bytes; else Invalid names the field."""
    if _ALPHABET.fullmatch(text) and len(text) % 4 != 1:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if encode(data) == text and size in (None, len(data)):
            return data
    of = f" of {size} bytes" if size is not None else ""
    raise Invalid(f"{field} must be unpadded base64url{of}", field=field)
