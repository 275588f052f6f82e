"""Base64url without padding (RFC 4648 section 5): the one text form of bytes in every interface."""

from __future__ import annotations

import binascii
import re

from registry.errors import Invalid

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_URL, _STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
# What ends a group of so many letters: the bits that are left over are zero, so that bytes have one spelling.
_ENDS = {2: "AQgw", 3: "AEIMQUYcgkosw048"}


def encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_URL, b"=").decode("ascii")


def decode(text: str, *, field: str, size: int | None = None) -> bytes:
    """The bytes, if `text` is the one canonical encoding of them, of `size` bytes; else Invalid names the field."""
    over = len(text) % 4
    if _ALPHABET.fullmatch(text) and (not over or text[-1] in _ENDS.get(over, "")):
        data = binascii.a2b_base64(text.encode("ascii").translate(_STANDARD) + b"==")
        if size in (None, len(data)):
            return data
    of = f" of {size} bytes" if size is not None else ""
    raise Invalid(f"{field} must be unpadded base64url{of}", field=field)
