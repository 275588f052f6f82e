"""What an exhibit is, is told from its bytes."""

from __future__ import annotations

import struct
import zlib

import pytest

from registry import policy
from registry.errors import Invalid
from registry.reports.contents import Kind, kind_of


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20) + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, Kind.PDF),
        (png(), Kind.PNG),
        (JPEG, Kind.JPEG),
        ("时间,账号\n10:00,快递员7\n".encode(), Kind.CSV),
        (b'\xef\xbb\xbfa,b\r\n1,"2\n3"\r\n', Kind.CSV),
        (b"a, b\nonly one cell\n", Kind.TEXT),
        ("询问笔录:不承认。\n".encode(), Kind.TEXT),
        (b'he said "no, never\n', Kind.TEXT),
    ],
)
def test_the_allowed_kinds_are_told_apart(data: bytes, kind: Kind) -> None:
    assert kind_of(data) is kind


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + bytes(40),  # an archive, or an office file
        b"MZ" + bytes(40),
        b"GIF89a" + bytes(40),
        "时间".encode("gb18030"),
        b"text with a \x00 in it",
        b"   \n\t\n",
        PDF.replace(b"%%EOF", b""),
        PDF + b"PK\x03\x04",
        b" " + PDF,
        PDF.replace(b"/Type", b"/JavaScript (app.alert) /Type"),
        PDF.replace(b"/Type", b"/Launch << >> /Type"),
        PDF.replace(b"/Type", b"/EmbeddedFiles 3 0 R /Type"),
        PDF.replace(b"/Root", b"/Encrypt 4 0 R /Root"),
        png() + b"tail",
        png()[:-4],
        JPEG + b"tail",
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        kind_of(data)
    assert (refused.value.field, refused.value.code) == ("exhibit", "exhibit-kind")


def test_size_is_bounded_on_both_sides() -> None:
    assert kind_of(b"x" * policy.EXHIBIT_BYTES) is Kind.TEXT
    for data in (b"", b"x" * (policy.EXHIBIT_BYTES + 1)):
        with pytest.raises(Invalid) as refused:
            kind_of(data)
        assert refused.value.code == "exhibit-size"
