"""A PNG or JPEG without its metadata: what the picture shows stays to the bit, what it says about itself goes.

    PNG    IHDR, PLTE, tRNS, IDAT, IEND stay        text, time, EXIF, colour profile, further frames go
    JPEG   tables, frame, scans, JFIF's own header and Adobe's colour transform stay
           EXIF and XMP with their places and previews, colour profiles, comments go; so does what stands behind the end

A report's digests are over what is left: whoever files strips first and hashes then (`registry.client.drafts`), and the
registry refuses whatever would still get smaller. So nobody changes a byte that was signed for. The EXIF orientation
goes too: a picture that needs it is to be turned before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
JPEG_HEAD: Final = b"\xff\xd8\xff"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; ITU-T T.81, table B.1
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD})  # DHT, DAC, DQT, DRI
_START, _END, _SCAN, _JFIF, _ADOBE = 0xD8, 0xD9, 0xDA, 0xE0, 0xEE
_JFIF_BARE: Final = 16  # bytes of the segment without a preview


class Malformed(ValueError):
    """The bytes begin as a picture and are none."""


@dataclass(frozen=True, slots=True)
class Picture:
    width: int  # pixels
    height: int
    stripped: bytes = field(repr=False)


def is_picture(data: bytes) -> bool:
    """By its first bytes alone."""
    return data.startswith((PNG_HEAD, JPEG_HEAD))


def read(data: bytes) -> Picture:
    """The picture in `data`, which `is_picture`; Malformed when its segments do not add up. Decodes nothing."""
    try:
        return _png(data) if data.startswith(PNG_HEAD) else _jpeg(data)
    except (struct.error, IndexError):
        raise Malformed("the picture ends too early") from None


def stripped(data: bytes) -> bytes:
    """The bytes to hash and to send: a picture without its metadata, everything else as it is."""
    try:
        return read(data).stripped if is_picture(data) else data
    except Malformed:
        return data  # the registry says what is wrong with it


def _png(data: bytes) -> Picture:
    width, height = struct.unpack_from(">II", data, 16)
    kept, name, at = [PNG_HEAD], b"", len(PNG_HEAD)
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise Malformed("a chunk is longer than the file")
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        at = end
    return Picture(width, height, b"".join(kept))


def _jpeg(data: bytes) -> Picture:
    kept, width, height = [], 0, 0
    for marker, segment in _segments(data):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", segment, 5)
        if _is_kept(marker, segment):
            kept.append(segment)
    return Picture(width, height, b"".join(kept))


def _is_kept(marker: int, segment: bytes) -> bool:
    if marker == _JFIF:
        return segment[4:9] == b"JFIF\0" and len(segment) == _JFIF_BARE + 2
    if marker == _ADOBE:
        return segment[4:9] == b"Adobe" and len(segment) == 16
    return marker in _FRAMES or marker in _TABLES or marker in (_START, _END, _SCAN)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its segment, a scan with the coded data behind it; ends at the first end of an image."""
    yield _START, data[:2]
    at, marker = 2, _START
    while marker != _END:
        if data[at] != 0xFF:
            raise Malformed("a segment does not begin with a marker")
        marker = data[at + 1]
        end = at + 2 if marker == _END else at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        if end > len(data):
            raise Malformed("a segment is longer than the file")
        yield marker, data[at:end]
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker is: in coded data FF is followed by 00, or by a restart (D0 to D7)."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Malformed("a scan has no end")
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
