"""`/reports/appeals/<appeal>`: what the person says against the report, and the member's signed answer."""

from __future__ import annotations

from flask import render_template, url_for

from registry.access import Action, needs
from registry.appeals import actions
from registry.appeals import queries as appeals
from registry.appeals.rules import TEXT_LENGTH, Duty, State
from registry.panels import queries as views
from registry.web.context import actor, running, sent
from registry.web.reporter.blueprint import bp
from registry.web.signing import signing, standard


@bp.get("/reports/appeals/<appeal_id>")
@needs(Action.APPEAL_ANSWER)
def appeal(appeal_id: str) -> str:
    """Reading it is an act of the case."""
    run = running()
    with run.store.write() as session:
        view = views.read(session, actor=actor(), appeal_id=appeal_id, now=run.clock())
        signed = signing(
            session,
            typ=actions.ANSWER,
            claims={**standard(run.clock()), "appeal": appeal_id},
            send_url=url_for("reporter.answered", appeal_id=appeal_id),
            fields="text",
        )
        return render_template(
            "reporter/appeal.html",
            view=view,
            signing=signed,
            may_answer=view.item.appeal.state is State.ADMITTED,
            answer_by=view.item.due.get(Duty.ANSWER),
            most=TEXT_LENGTH,
            reader=actor().id,
            now=run.clock(),
        )


@bp.post("/reports/appeals/<appeal_id>/answer")
@needs(Action.APPEAL_ANSWER)
def answered(appeal_id: str) -> dict[str, str]:
    run, token = running(), sent(token=str)["token"]
    with run.store.write() as session:
        found = appeals.get(session, appeal_id)
        actions.answer(session, actor=actor(), appeal=found, statement=token, issuer=run.issuer, now=run.clock())
    return {"next": url_for("reporter.appeal", appeal_id=appeal_id)}
