"""`/case/checks`: every company that has checked the person, why, what it was shown; and "I never applied there"."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.cases.models import Case
from registry.findings import never_applied
from registry.web.context import actor, case_id, running
from registry.web.subject.blueprint import bp


@bp.get("/case/checks")
@needs(Action.CHECKS_READ)
def checks() -> str:
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        asked = never_applied.checks_of(session, case=case, now=run.clock(), by=actor().id)
        disputed = never_applied.disputed(session, case)
    return render_template("subject/checks.html", asked=asked, disputed=disputed)


@bp.post("/case/checks/<check_id>/never-applied")
@needs(Action.CHECKS_READ)
def dispute_check(check_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        never_applied.never_applied(session, case=case, check_id=check_id, now=run.clock(), by=actor().id)
    return redirect(url_for("subject.checks"))
