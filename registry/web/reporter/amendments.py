"""`/reports/<report>/amendments/…`: what is said of a report after its screening, signed here by two of its member.

Nothing is kept until it is signed: the words go from the form onto the page that signs them, and back by its button.
"""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug import Response

from registry import base64url
from registry.access import Action, allowed, needs
from registry.amendments import actions, queries, rules
from registry.amendments.rules import State
from registry.appeals.effects import CONTESTABLE
from registry.db import Session
from registry.errors import NotFound
from registry.reports import queries as reports
from registry.reports.models import Report
from registry.web.acting import done
from registry.web.context import actor, running, sent
from registry.web.reporter.amending import KINDS, AmendmentForm
from registry.web.reporter.blueprint import bp
from registry.web.signing import signing, standard

CHANGE = "change"  # sent with the words by whoever wants to change them


@bp.get("/reports/<report_id>/amendments/new")
@needs(Action.REPORT_AMEND)
def amend(report_id: str) -> str:
    """Which of the four kinds?"""
    with running().store.read() as session:
        found = _theirs(session, report_id)
        number = reports.number_of(session, found.case_id)
    return render_template("reporter/amend.html", report=found, number=number, kinds=KINDS)


@bp.route("/reports/<report_id>/amendments/new/<kind>", methods=["GET", "POST"])
@needs(Action.REPORT_AMEND)
def amend_as(report_id: str, kind: str) -> Response:
    """The words; once they can be said, the page that interrupts and signs them."""
    offered, run = KINDS.get(kind), running()
    if offered is None:
        raise NotFound("there is no such kind of amendment")
    form = offered.form()
    with run.store.read() as session:
        found = _theirs(session, report_id)
        number = reports.number_of(session, found.case_id)
        form.prepare(queries.contests(session, found.case_id))
    shown: dict[str, Any] = {"report": found, "number": number, "kind": kind, "offered": offered}
    if CHANGE not in request.form and form.validate_on_submit():
        claims = _claims(form, found, kind)
        if done(form, lambda session, now: _verified(session, found, claims)):
            words = {name: value for name, value in request.form.items() if name != "csrf_token"}
            return make_response(
                render_template(
                    "reporter/amend_sign.html",
                    signing=_signing(found, claims),
                    words={**words, CHANGE: "y"},
                    **shown,
                )
            )
    page = render_template(f"reporter/amendments/{kind}.html", form=form, most=rules.WORDS_LENGTH, **shown)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/<report_id>/amendments/signed")
@needs(Action.REPORT_AMEND)
def amended(report_id: str) -> dict[str, str]:
    """From the page's script: what this browser has signed."""
    run, token = running(), sent(token=str)["token"]
    with run.store.write() as session:
        actions.sign(session, actor=actor(), report_id=report_id, token=token, issuer=run.issuer, now=run.clock())
    return {"next": url_for("reporter.report", report_id=report_id)}


@bp.get("/reports/<report_id>/amendments/<amendment_id>")
@needs(Action.AMENDMENT_CONFIRM)
def confirm(report_id: str, amendment_id: str) -> str:
    """The words that a colleague has signed, and the second signature. Reading them is an act of the case."""
    run, who = running(), actor()
    with run.store.write() as session:
        told = actions.open_all(session, actor=who, report_id=report_id, now=run.clock())
        shown = next((each for each in told if each.row.id == amendment_id), None)
        if shown is None:
            raise NotFound("this report has no such amendment")
        row = shown.row
        signed = signing(
            session,
            typ=rules.CONFIRMATION,
            claims={**standard(run.clock()), "amendment": base64url.encode(row.statement_digest)},
            send_url=url_for("reporter.confirmed", report_id=report_id, amendment_id=amendment_id),
            words=shown.words,
            digest=row.statement_digest,
        )
        by = rules.confirm_by(row.signed_at)
        return render_template(
            "reporter/amendment.html",
            told=shown,
            number=reports.number_of(session, row.case_id),
            signing=signed,
            confirm_by=by,
            may=row.state is State.SIGNED and row.account_id != who.id and run.clock() < by,
            reader=who.id,
            now=run.clock(),
        )


@bp.post("/reports/<report_id>/amendments/<amendment_id>/confirmed")
@needs(Action.AMENDMENT_CONFIRM)
def confirmed(report_id: str, amendment_id: str) -> dict[str, str]:
    run, token = running(), sent(token=str)["token"]
    with run.store.write() as session:
        actions.confirm(
            session, actor=actor(), amendment_id=amendment_id, token=token, issuer=run.issuer, now=run.clock()
        )
    return {"next": url_for("reporter.report", report_id=report_id)}


def may_amend(report: Report) -> bool:
    return allowed(actor(), Action.REPORT_AMEND, member_id=report.member_id) and report.state in CONTESTABLE


def _theirs(session: Session, report_id: str) -> Report:
    return reports.guarded(session, actor=actor(), report_id=report_id, action=Action.REPORT_AMEND)


def _claims(form: AmendmentForm, report: Report, kind: str) -> dict[str, Any]:
    digest = base64url.encode(report.statement_digest)
    return {**standard(running().clock()), "report": report.id, "digest": digest, "kind": kind, **form.said()}


def _verified(session: Session, report: Report, claims: dict[str, Any]) -> Report:
    run = running()
    return actions.verify(
        session, actor=actor(), report_id=report.id, payload=claims, issuer=run.issuer, now=run.clock()
    )


def _signing(report: Report, claims: dict[str, Any]) -> Any:
    send_url = url_for("reporter.amended", report_id=report.id)
    with running().store.read() as session:
        return signing(session, typ=rules.AMENDMENT, claims=claims, send_url=send_url)
