"""Upload evidence before the report that names it; open it for those on the case."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from registry import policy
from registry.access import Action, needs
from registry.api.context import actor, running
from registry.api.schemas import Answer
from registry.errors import Invalid
from registry.panels import evidence
from registry.reports import exhibits
from registry.reports.contents import Kind
from registry.reports.exhibits import Opened

bp = APIBlueprint("exhibits", __name__, tag="Exhibits")

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {"requestBody": {"content": {kind.value: _BINARY for kind in Kind}}}
FILE: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The file", "content": {kind.value: _BINARY for kind in Kind}}
}


class ExhibitAnswer(Answer):
    sha256: str
    kind: Kind
    size: int


@bp.put("/api/v1/exhibits/<sha256>")
@needs(Action.REPORT_FILE)
@bp.output(ExhibitAnswer)
@bp.doc(extensions=_UPLOAD)
def put(sha256: str) -> dict[str, Any]:
    """Send the bytes of a PDF, PNG, JPEG, text or CSV file of at most 10 MiB. Sent again, nothing changes.

    A picture goes without its metadata, a PDF without anything active; the digest is over what is sent.
    """
    run = running()
    data = _body()
    with run.store.write() as session:
        exhibit = exhibits.put_exhibit(session, actor=actor(), sha256=sha256, data=data, now=run.clock())
        return {"sha256": sha256, "kind": exhibit.kind, "size": exhibit.size}


@bp.get("/api/v1/reports/<report_id>/exhibits/<sha256>")
@needs(Action.EXHIBIT_OPEN)
@bp.doc(responses=FILE)
def read(report_id: str, sha256: str) -> Response:
    """A piece of evidence. Opening it is an act that stands in the log."""
    run = running()
    with run.store.write() as session:
        return served(
            exhibits.open_exhibit(session, actor=actor(), report_id=report_id, sha256=sha256, now=run.clock())
        )


@bp.get("/api/v1/appeals/<appeal_id>/exhibits/<sha256>")
@needs(Action.EXHIBIT_OPEN)
@bp.doc(responses=FILE)
def read_on_panel(appeal_id: str, sha256: str) -> Response:
    """The same for the three who decide the appeal."""
    run = running()
    with run.store.write() as session:
        return served(
            evidence.open_exhibit(session, actor=actor(), appeal_id=appeal_id, sha256=sha256, now=run.clock())
        )


def served(opened: Opened) -> Response:
    """To be saved: what a member sent in does not run in anybody's browser."""
    response = Response(opened.data, content_type=opened.kind.value)
    response.headers["Content-Disposition"] = "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def _body() -> bytes:
    """At most what the policy allows is read, whatever the request says about its length."""
    request.max_content_length = policy.EXHIBIT_BYTES
    if (request.content_length or 0) > policy.EXHIBIT_BYTES:
        raise Invalid(f"an exhibit must have 1 to {policy.EXHIBIT_BYTES} bytes", field="exhibit", code="exhibit-size")
    return request.get_data(cache=False)
