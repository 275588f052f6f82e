"""A piece of evidence as a file to keep, and as a page that shows it: what a member sent in is no page of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flask import Response

from registry.db import Session
from registry.errors import NotFound
from registry.reports import queries
from registry.reports.contents import Kind
from registry.reports.exhibits import Opened
from registry.reports.models import Report

ENDINGS = {Kind.PDF: "pdf", Kind.PNG: "png", Kind.JPEG: "jpg", Kind.CSV: "csv", Kind.TEXT: "txt"}
SHOWN_LENGTH = 200_000  # characters of a text


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page can show of it: a text as text, a picture as one; the rest is a file to open."""

    text: str | None = field(repr=False)
    is_cut: bool
    is_picture: bool
    ending: str


def digest_at(session: Session, report: Report, place: int) -> str:
    """The digest of the exhibit at this place of the report, from 1: no hash of it stands in an address."""
    digests: list[str] = queries.words_of(report, queries.case_of(session, report)[1])["exhibits"]
    if not 1 <= place <= len(digests):
        raise NotFound("the report has no such exhibit")
    return digests[place - 1]


def saved(opened: Opened, *, number: str, place: int, mark: str = "") -> Response:
    """`mark` says in the file's name who took it, and when."""
    response = Response(opened.data, mimetype=opened.kind.value)
    name = f"{number}-exhibit-{place}{mark}.{ENDINGS[opened.kind]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def shown(opened: Opened) -> Shown:
    is_text = opened.kind in (Kind.CSV, Kind.TEXT)
    text = opened.data.decode("utf-8-sig") if is_text else None
    return Shown(
        text=text[:SHOWN_LENGTH] if text is not None else None,
        is_cut=text is not None and len(text) > SHOWN_LENGTH,
        is_picture=opened.kind in (Kind.PNG, Kind.JPEG),
        ending=ENDINGS[opened.kind],
    )


def mark_of(reader: str, now: datetime) -> str:
    """Of who reads, and when, for a file's name."""
    return f"-{reader}-{now:%Y%m%dT%H%MZ}"
