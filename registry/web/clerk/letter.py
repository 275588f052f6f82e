"""`/clerk/letters/<letter>`: print it, record that it was sent or has arrived, replace it.

The code stands in the letter and nowhere else: no page of these shows it.
"""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired

from registry import policy
from registry.access import Action, needs
from registry.notices import actions as notices
from registry.notices import printing
from registry.notices.rules import CODE_LIVES, PROOF_LENGTH, READABLE, Delivery, Route, State
from registry.reports import serving
from registry.web.acting import done
from registry.web.clerk.blueprint import bp, ended
from registry.web.context import actor, running
from registry.web.forms import AtMost, Chosen, DayField, Form, options, typed

DELIVERIES = {
    Delivery.REGISTERED_POST: _("By registered post"),
    Delivery.IN_PERSON: _("In person"),
    Delivery.ELECTRONIC: _("To an electronic address that the person gave for this"),
}
ROUTES = {Route.POST: _("By post"), Route.IN_PERSON: _("Somebody went there")}


class ProvenForm(Form):
    """What happened to a letter on a day, and how one knows."""

    on = DayField(_("On which day?"), [InputRequired(_("Enter the day."))])
    proof = StringField(
        _("How do you know?"), [InputRequired(_("Enter how you know.")), AtMost(PROOF_LENGTH, _("The proof"))]
    )


class ServiceForm(ProvenForm):
    way = RadioField(
        _("How did it reach the person?"),
        [Chosen(Delivery, _("Select how it reached the person."))],
        choices=options(DELIVERIES),
        validate_choice=False,
    )


class AttemptForm(ProvenForm):
    way = RadioField(
        _("How was it sent?"),
        [Chosen(ROUTES, _("Select how it was sent."))],
        choices=options(ROUTES),
        validate_choice=False,
    )


class ReplacementForm(Form):
    reason = TextAreaField(
        _("Why is a new letter needed?"),
        [InputRequired(_("Enter why.")), AtMost(policy.REASONS_LENGTH, _("The reason"))],
    )


@bp.get("/clerk/letters/<letter_id>")
@needs(Action.LETTER_READ)
def letter(letter_id: str) -> str:
    with running().store.read() as session:
        found, case = notices.letter(session, letter_id=letter_id, actor=actor(), action=Action.LETTER_READ)
        return render_template(
            "clerk/letter.html",
            letter=found,
            number=case.number,
            routes=sorted(notices.routes_of(session, notice_id=found.id)),
            may_print=found.state in READABLE,
            is_out=found.state is State.PRINTED,
            may_replace=found.state in CODE_LIVES,
        )


@bp.post("/clerk/letters/<letter_id>/page")
@needs(Action.LETTER_READ)
def letter_page(letter_id: str) -> FlaskResponse:
    """To be printed and not kept. Each opening is an act of the case; the first marks it printed."""
    response = FlaskResponse(_pulled(letter_id), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@bp.post("/clerk/letters/<letter_id>/pdf")
@needs(Action.LETTER_READ)
def letter_pdf(letter_id: str) -> FlaskResponse:
    sheets = printing.pdf_of(_pulled(letter_id), made_at=running().clock())
    response = FlaskResponse(sheets, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="letter.pdf"'
    return response


@bp.route("/clerk/letters/<letter_id>/service", methods=["GET", "POST"])
@needs(Action.SERVICE_RECORD)
def serve(letter_id: str) -> Response:
    form = ServiceForm()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: serving.record_service(
            session,
            actor=actor(),
            letter_id=letter_id,
            delivery=Delivery(form.way.data),
            on=ended(form.on.data, now=now),
            proof=typed(form.proof.data),
            now=now,
        ),
    ):
        return redirect(url_for("clerk.letter", letter_id=letter_id))
    title, lead = _("Record its service"), _("The person’s time to answer runs from the end of this day.")
    return _page("clerk/record.html", form, letter_id, title=title, lead=lead)


@bp.route("/clerk/letters/<letter_id>/attempt", methods=["GET", "POST"])
@needs(Action.SERVICE_RECORD)
def attempt(letter_id: str) -> Response:
    form = AttemptForm()
    if form.validate_on_submit() and done(
        form,
        lambda session, now: serving.record_attempt(
            session,
            actor=actor(),
            letter_id=letter_id,
            route=Route(form.way.data),
            on=ended(form.on.data, now=now),
            proof=typed(form.proof.data),
            now=now,
        ),
    ):
        return redirect(url_for("clerk.letter", letter_id=letter_id))
    title = _("Record that it was sent")
    lead = _(
        "A letter that was sent has not arrived. Once two ways were tried without proof of receipt, the time to answer "
        "runs."
    )
    return _page("clerk/record.html", form, letter_id, title=title, lead=lead)


@bp.route("/clerk/letters/<letter_id>/replacement", methods=["GET", "POST"])
@needs(Action.SERVICE_RECORD)
def replace(letter_id: str) -> Response:
    """The old code is dead, and the new letter waits to be printed."""
    form = ReplacementForm()
    if form.validate_on_submit() and (
        new := done(
            form,
            lambda session, now: serving.replace_letter(
                session,
                actor=actor(),
                letter_id=letter_id,
                reason=typed(form.reason.data),
                issuer=running().issuer,
                now=now,
            ),
        )
    ):
        return redirect(url_for("clerk.letter", letter_id=new.id))
    return _page("clerk/replacement.html", form, letter_id)


def _pulled(letter_id: str) -> str:
    run = running()
    with run.store.write() as session:
        return notices.pull(session, letter_id=letter_id, actor=actor(), now=run.clock())


def _page(template: str, form: Form, letter_id: str, **words: object) -> Response:
    with running().store.read() as session:
        found, case = notices.letter(session, letter_id=letter_id, actor=actor(), action=Action.SERVICE_RECORD)
        page = render_template(
            template, form=form, letter=found, number=case.number, most=policy.REASONS_LENGTH, **words
        )
    return make_response(page, 422 if form.errors else 200)
