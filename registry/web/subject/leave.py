"""`/case/leave`: close the case on this device."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.notices import matches
from registry.web.auth import case_token, dismiss_subject
from registry.web.context import running
from registry.web.subject.blueprint import bp


@bp.post("/case/leave")
@needs(Action.CASE_READ)
def leave() -> Response:
    run = running()
    with run.store.write() as session:
        matches.leave(session, token=case_token() or "", now=run.clock())
    response = redirect(url_for("public.start"))
    dismiss_subject(response)
    return response
