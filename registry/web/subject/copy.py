"""`/case/copy.json`, `/case/copy.pdf`: a free, signed copy of the whole file."""

from __future__ import annotations

from typing import Any

from flask import Response

from registry.access import Action, needs
from registry.cases.models import Case
from registry.copies import contents, printing
from registry.db import new_id
from registry.signing import copies
from registry.web.context import actor, case_id, running
from registry.web.subject.blueprint import bp


@bp.get("/case/copy.json")
@needs(Action.CASE_READ)
def copy_json() -> Response:
    number, document = _document()
    return _saved(copies.sign_document(document, **_signer(number)), number, "json", "application/json")


@bp.get("/case/copy.pdf")
@needs(Action.CASE_READ)
def copy_pdf() -> Response:
    number, document = _document()
    pdf = printing.pdf_of(document, title=f"The file of case {number}", made_at=running().clock())
    return _saved(copies.sign_pdf(pdf, **_signer(number)), number, "pdf", "application/pdf")


def _document() -> tuple[str, dict[str, Any]]:
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        by, now = actor().id, run.clock()
        return case.number, contents.document_of(session, case=case, issuer=run.issuer, by=by, now=now)


def _signer(number: str) -> dict[str, Any]:
    run = running()
    return {"issuer": run.issuer, "case": number, "jti": new_id(), "now": run.clock(), "key": run.secrets.receipt_key}


def _saved(data: bytes, number: str, ending: str, kind: str) -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{number}-file.{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response
