"""`/reports/<report>`: what was filed and what became of it; the second signature; taking it back, writing it anew."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from registry import base64url, policy
from registry.access import Action, allowed, needs
from registry.amendments import queries as amendments
from registry.amendments.models import Amendment
from registry.cases.models import Case
from registry.client.drafts import CLAIMS, OPTIONAL
from registry.db import Session
from registry.errors import Invalid, NotFound
from registry.reports import actions, answering, drafts, exhibits, inspections, queries, screening, statement, versions
from registry.reports.models import Inspection, Report
from registry.reports.rules import OPEN, State
from registry.web.context import actor, running, sent
from registry.web.exhibits import digest_at, mark_of, saved
from registry.web.forms import AtMost, Form, typed
from registry.web.reporter.amendments import may_amend
from registry.web.reporter.blueprint import bp
from registry.web.signing import signing, standard

REPLACEABLE = (State.FILED, State.COUNTERSIGNED)


class WithdrawForm(Form):
    reason = TextAreaField(
        _("Why do you take it back?"),
        [InputRequired(_("Enter why.")), AtMost(policy.REASONS_LENGTH, _("The reason"))],
    )


@bp.get("/reports/<report_id>")
@needs(Action.REPORT_READ)
def report(report_id: str) -> str:
    """Reading it is an act of the case."""
    run, who = running(), actor()
    with run.store.write() as session:
        found, words = actions.open_report(session, actor=who, report_id=report_id, now=run.clock())
        may_file = allowed(who, Action.REPORT_FILE, member_id=found.member_id)
        return render_template(
            "reporter/report.html",
            report=found,
            number=queries.number_of(session, found.case_id),
            words=words,
            screening=queries.screening_of(session, found),
            screening_reasons=screening.screening_reasons(session, found),
            amendments=amendments.of_case(session, queries.case_of(session, found)[1]),
            said=answering.read(session, actor=who, report_id=report_id, now=run.clock()),
            inspected=_inspected(session, found),
            awaited=_awaited(session, found),
            may_amend=may_amend(found),
            may_countersign=_may_countersign(session, found),
            may_withdraw=may_file and found.state in OPEN,
            may_replace=may_file and found.state in REPLACEABLE,
            reader=who.id,
            now=run.clock(),
        )


@bp.get("/reports/<report_id>/exhibits/<int:place>")
@needs(Action.EXHIBIT_OPEN)
def exhibit(report_id: str, place: int) -> FlaskResponse:
    """One piece of evidence, to keep; opening it is an act of the case."""
    run, who = running(), actor()
    with run.store.write() as session:
        found = queries.guarded(session, actor=who, report_id=report_id, action=Action.EXHIBIT_OPEN)
        digest = digest_at(session, found, place)
        opened = exhibits.open_exhibit(session, actor=who, report_id=report_id, sha256=digest, now=run.clock())
        return saved(
            opened,
            number=queries.number_of(session, found.case_id),
            place=place,
            mark=mark_of(who.id, run.clock()),
        )


@bp.route("/reports/<report_id>/withdrawal", methods=["GET", "POST"])
@needs(Action.REPORT_FILE)
def withdraw(report_id: str) -> Response:
    run, form = running(), WithdrawForm()
    if form.validate_on_submit():
        try:
            with run.store.write() as session:
                actions.withdraw(
                    session, actor=actor(), report_id=report_id, reason=typed(form.reason.data), now=run.clock()
                )
            return redirect(url_for("reporter.report", report_id=report_id))
        except Invalid as error:
            form.refuse(error)
    with run.store.read() as session:
        found = queries.guarded(session, actor=actor(), report_id=report_id, action=Action.REPORT_FILE)
        number = queries.number_of(session, found.case_id)
    page = render_template("reporter/withdraw.html", form=form, report=found, number=number)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/<report_id>/draft")
@needs(Action.DRAFT_KEEP)
def replace(report_id: str) -> Response:
    """A draft with everything that the report says: signed, it is a new version of it."""
    run = running()
    with run.store.write() as session:
        found, words = actions.open_report(session, actor=actor(), report_id=report_id, now=run.clock())
        if found.state not in REPLACEABLE:
            raise NotFound("this report cannot be written anew; it has been screened, or has ended")
        contact = queries.contact_of(found, queries.case_of(session, found)[1])
        document = {name: words[name] for name in (*CLAIMS, *OPTIONAL) if name in words and name != "offence_version"}
        document["contact"] = {name: value for name, value in asdict(contact).items() if value is not None}
        document["source"] = {"report": found.id}
        kept = drafts.save(session, actor=actor(), document=document, now=run.clock())
        return redirect(url_for("reporter.draft", draft_id=kept.draft.id))


@bp.get("/reports/<report_id>/countersignature")
@needs(Action.REPORT_COUNTERSIGN)
def countersign(report_id: str) -> str:
    """Everything to read, the number to enter again from the document, the signature."""
    run, who = running(), actor()
    with run.store.write() as session:
        found, words = actions.open_report(session, actor=who, report_id=report_id, now=run.clock())
        signed = signing(
            session,
            typ=statement.COUNTERSIGNATURE,
            claims={**standard(run.clock()), "report": base64url.encode(found.statement_digest)},
            send_url=url_for("reporter.countersigned", report_id=report_id),
            words=words,
            digest=found.statement_digest,
        )
        return render_template(
            "reporter/countersign.html",
            report=found,
            number=queries.number_of(session, found.case_id),
            words=words,
            signing=signed,
            may=_may_countersign(session, found),
            reader=who.id,
            now=run.clock(),
        )


@bp.post("/reports/<report_id>/countersigned")
@needs(Action.REPORT_COUNTERSIGN)
def countersigned(report_id: str) -> dict[str, str]:
    run, token = running(), sent(token=str)["token"]
    with run.store.write() as session:
        actions.countersign(
            session, actor=actor(), report_id=report_id, token=token, issuer=run.issuer, now=run.clock()
        )
    return {"next": url_for("reporter.report", report_id=report_id)}


def _inspected(session: Session, found: Report) -> list[tuple[Inspection, str]]:
    may = allowed(actor(), Action.INSPECTION_READ, member_id=found.member_id)
    return inspections.of_case(session, actor=actor(), case=session.get_one(Case, found.case_id)) if may else []


def _awaited(session: Session, found: Report) -> list[Amendment]:
    """The amendments that wait for this reader's signature."""
    may = allowed(actor(), Action.AMENDMENT_CONFIRM, member_id=found.member_id)
    waiting = amendments.of_member(session, found.member_id) if may else []
    return [row for row in waiting if row.report_id == found.id and row.account_id != actor().id]


def _may_countersign(session: Session, found: Report) -> bool:
    may = allowed(actor(), Action.REPORT_COUNTERSIGN, member_id=found.member_id)
    return may and found.state is State.FILED and actor().id not in versions.hands(session, found)
