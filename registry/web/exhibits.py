"""A piece of evidence as a file to keep: what a member sent in does not run as a page of ours."""

from __future__ import annotations

from flask import Response

from registry.reports.contents import Kind
from registry.reports.exhibits import Opened

ENDINGS = {Kind.PDF: "pdf", Kind.PNG: "png", Kind.JPEG: "jpg", Kind.CSV: "csv", Kind.TEXT: "txt"}


def saved(opened: Opened, *, number: str, place: int, mark: str = "") -> Response:
    """`mark` says in the file's name who took it, and when."""
    response = Response(opened.data, mimetype=opened.kind.value)
    name = f"{number}-exhibit-{place}{mark}.{ENDINGS[opened.kind]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
