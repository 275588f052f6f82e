"""What an exhibit is, is told from its bytes; what it hides or could do keeps it out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.actions import JavaScript
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from registry import pictures, policy
from registry.errors import Invalid
from registry.reports.contents import Kind, kind_of


def picture(format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(target, format, **options)
    return target.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is as large as that, and unpacks to nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return pictures.PNG_HEAD + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def pdf(pages: int = 1) -> bytes:
    document = FPDF()
    for _ in range(pages):
        document.add_page()
    return bytes(document.output())


def changed(change: str) -> bytes:
    """A PDF with something in it that it should not have; its objects packed into a stream, as most writers do."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    CHANGES[change](writer)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def action(**said: str) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): NameObject(value) for name, value in said.items()})


def opened_by(found: DictionaryObject) -> Any:
    return lambda w: w.root_object.update({NameObject("/OpenAction"): found})


CHANGES: dict[str, Any] = {
    "script": lambda w: w.add_open_action(JavaScript("app.alert(1)")),
    "file": lambda w: w.add_attachment("data.csv", b"a,b"),
    "link": lambda w: w.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://x.example")),
    "uri on opening": opened_by(action(S="/URI")),
    "launch on opening": opened_by(action(S="/Launch")),
    "launch after a jump": opened_by(
        DictionaryObject(
            {NameObject("/S"): NameObject("/GoTo"), NameObject("/Next"): ArrayObject([action(S="/Launch")])}
        )
    ),
    "form": lambda w: w.root_object.update(
        {NameObject("/AcroForm"): DictionaryObject({NameObject("/XFA"): TextStringObject("<xdp/>")})}
    ),
    "action on a page": lambda w: w.pages[0].update({NameObject("/AA"): action(O="/x")}),
    "film": lambda w: w.pages[0].update({NameObject("/Annots"): ArrayObject([action(Subtype="/RichMedia")])}),
}
EXIF = Image.Exif()
EXIF[0x010E] = "taken in the yard"
CSV = "时间,账号\n10:00,快递员7\n".encode()


def refused(data: bytes) -> str | None:
    with pytest.raises(Invalid) as raised:
        kind_of(data)
    assert raised.value.field == "exhibit"
    assert len(raised.value.message) < 120
    return raised.value.code


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (pdf(), Kind.PDF),
        (picture("PNG"), Kind.PNG),
        (pictures.stripped(picture("JPEG")), Kind.JPEG),
        (pictures.stripped(picture("JPEG", progressive=True)), Kind.JPEG),
        (CSV, Kind.CSV),
        (b'\xef\xbb\xbfa,b\r\n1,"2\n3"\r\n', Kind.CSV),
        (b"name,change\na@b.example,-5.20\nb,+86 10 1234\n", Kind.CSV),
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
        b"  %PDF-1.7 in a text",
        pdf().replace(b"%%EOF", b""),
        pdf() + b"PK\x03\x04",
        b" " + pdf(),
        b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n",
        picture("PNG") + b"tail",
        picture("PNG")[:-4],
        picture("PNG").replace(b"IDAT\x78", b"IDAT\x79"),
        bomb(8, 8),
        picture("JPEG") + b"tail",
        pictures.stripped(picture("JPEG"))[:200] + b"\xff\xd9",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20) + b"\xff\xd9",
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    assert refused(data) == "exhibit-kind"


@pytest.mark.parametrize("kept", [pdf(), picture("PNG"), b"a text\n"])
def test_what_is_an_archive_as_well_is_refused(kept: bytes) -> None:
    target = io.BytesIO(kept)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("hidden.txt", "hidden")
        archive.comment = b"%%EOF" if kept.startswith(b"%PDF") else b""
    assert refused(target.getvalue()) == "exhibit-kind"


@pytest.mark.parametrize("change", CHANGES)
def test_a_pdf_that_could_do_something_is_refused(change: str) -> None:
    assert refused(changed(change)) == "exhibit-active"


def test_an_encrypted_pdf_is_refused() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    writer.encrypt("", algorithm="AES-256")  # opens without a password, and yet
    target = io.BytesIO()
    writer.write(target)
    assert refused(target.getvalue()) == "exhibit-encrypted"


def test_the_caps_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(bomb(policy.EXHIBIT_PIXELS, 2)) == "exhibit-pixels"
    monkeypatch.setattr(policy, "EXHIBIT_PAGES", 2)
    monkeypatch.setattr(policy, "EXHIBIT_ROWS", 2)
    assert (kind_of(pdf(2)), kind_of(CSV)) == (Kind.PDF, Kind.CSV)
    assert refused(pdf(3)) == "exhibit-pages"
    assert refused(CSV + b"1,2\n") == "exhibit-rows"
    monkeypatch.setattr(policy, "EXHIBIT_OBJECTS", 5)
    assert refused(pdf()) == "exhibit-kind"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "@SUM(1)", '"=1+1"', " =1", "+cmd", "-1+cmd|x", "x;=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(cell: str) -> None:
    assert refused(f"a,b\n1,{cell}\n".encode()) == "exhibit-active"


@pytest.mark.parametrize(
    "data",
    [
        picture("PNG", exif=EXIF),
        picture("PNG", icc_profile=b"profile"),
        picture("PNG", dpi=(300, 300)),
        picture("JPEG", exif=EXIF),
        picture("JPEG", comment=b"taken in the yard"),
        picture("JPEG", icc_profile=b"profile"),
    ],
)
def test_a_picture_goes_without_its_metadata(data: bytes) -> None:
    assert refused(data) == "exhibit-metadata"
    stripped = pictures.stripped(data)
    kind_of(stripped)
    assert pictures.stripped(stripped) == stripped
    assert b"yard" not in stripped
    assert b"profile" not in stripped
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(stripped)) as after:
        assert before.tobytes() == after.tobytes()


def test_what_is_no_picture_is_not_stripped() -> None:
    for data in (CSV, pdf(), b"", picture("PNG")[:50], picture("JPEG")[:50]):
        assert pictures.stripped(data) == data


def test_size_is_bounded_on_both_sides() -> None:
    assert kind_of(b"x" * policy.EXHIBIT_BYTES) is Kind.TEXT
    for data in (b"", b"x" * (policy.EXHIBIT_BYTES + 1)):
        assert refused(data) == "exhibit-size"
