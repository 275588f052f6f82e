"""`/case/representatives`: who may act for the person; they end it here."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.cases.models import Case
from registry.mandates import actions
from registry.mandates.rules import is_living
from registry.web.context import case_id, running
from registry.web.forms import Form
from registry.web.subject.blueprint import bp


@bp.get("/case/representatives")
@needs(Action.MANDATE_REVOKE)
def representatives() -> str:
    run = running()
    with run.store.read() as session:
        mandates = actions.of_case(session, session.get_one(Case, case_id()))
    living = {row.id for row, _ in mandates if is_living(until=row.until, revoked_at=row.revoked_at, now=run.clock())}
    return render_template("subject/representatives.html", mandates=mandates, living=living, form=Form())


@bp.post("/case/representatives/<mandate_id>/revocation")
@needs(Action.MANDATE_REVOKE)
def revoke(mandate_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        case = session.get_one(Case, case_id())
        actions.revoke(session, case=case, mandate_id=mandate_id, now=run.clock())
    return redirect(url_for("subject.representatives"))
