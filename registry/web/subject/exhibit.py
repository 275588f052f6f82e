"""`/case/exhibits/<place>`: one piece of evidence, to keep.

Its place in the report names it, so that no hash of it stands in an address.
"""

from __future__ import annotations

from flask import Response

from registry.access import Action, needs
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.errors import NotFound
from registry.reports import queries as reports
from registry.reports.exhibits import open_as_subject
from registry.web.context import actor, case_id, running
from registry.web.exhibits import saved
from registry.web.subject.blueprint import bp


@bp.get("/case/exhibits/<int:place>")
@needs(Action.CASE_READ)
def exhibit(place: int) -> Response:
    """Saved, never shown in the browser: what a member sent in does not run as a page of ours."""
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        digests = reports.words_of(reports.of_case(session, case.id), key_of(session, case))["exhibits"]
        if not 1 <= place <= len(digests):
            raise NotFound("the report has no such exhibit")
        opened = open_as_subject(session, case_id=case.id, sha256=digests[place - 1], now=run.clock(), by=actor().id)
        return saved(opened, number=case.number, place=place)
