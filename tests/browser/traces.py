"""An identity number in every form in which it might leave a page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from urllib.parse import quote

from registry import base64url
from registry.identity.document import Document
from registry.identity.voprf import hash_to_group

# What tells a person apart is the number less its region: a search for it finds every longer form too.
REGION = 6
SHORTEST = 7  # bytes; what is shorter stands in any traffic by chance


def traces_of(type: str, number: str) -> set[bytes]:
    """Bytes that must not be found in traffic, storage or files."""
    texts = {number, number.lower(), number[REGION:] if len(number) == 18 else number, number[::-1]}
    texts |= {text.lower() for text in texts}
    texts |= {f"{type}:{number}", number[:-1], _wide(number), " ".join(number), number[REGION:14] + "-" + number[14:]}
    found = {trace for text in texts for trace in _encodings(text.encode())}
    found |= {trace for text in texts for trace in _encodings(text.encode("utf-16-le"))}
    found |= {trace for text in texts for trace in _hashes(text)}
    if number[:-1].isdigit():
        found |= {trace for base in (number[:-1], number) if base.isdigit() for trace in _as_integer(int(base))}
    element = hash_to_group(Document(type, number).oprf_input)
    found |= set(_encodings(element))
    return {trace for trace in found if len(trace) >= SHORTEST}


def _encodings(data: bytes) -> Iterator[bytes]:
    yield data
    yield quote(data, safe="").encode()
    yield "".join(f"%{byte:02x}" for byte in data).encode()
    yield data.hex().encode()
    yield data.hex().upper().encode()
    yield json.dumps(data.decode("latin-1")).strip('"').encode()
    for shift in range(3):  # wherever it stands in what was encoded
        whole = base64.b64encode(bytes(shift) + data)
        inner = whole[4 if shift else 0 : -4]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _hashes(text: str) -> Iterator[bytes]:
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, text.encode()).digest()
        yield digest
        yield digest.hex().encode()
        yield base64.b64encode(digest).rstrip(b"=")
        yield base64url.encode(digest).encode()


def _as_integer(value: int) -> Iterator[bytes]:
    size = (value.bit_length() + 7) // 8
    yield f"{value:x}".encode()
    yield value.to_bytes(size, "big")
    yield value.to_bytes(size, "little")


def _wide(text: str) -> str:
    """Full-width digits and letters."""
    return "".join(chr(ord(c) + 0xFEE0) for c in text)
