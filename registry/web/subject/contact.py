"""`/case/contact`: where the person wants to be told that there is something new to read."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import RadioField, SelectChoice, StringField

from registry.access import Action, needs
from registry.appeals.actions import proofed
from registry.appeals.contact import reach_by
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.errors import Invalid
from registry.notices import news
from registry.web.context import actor, case_id, running
from registry.web.forms import Form
from registry.web.subject.blueprint import bp
from registry.web.words import Words

_PROBLEMS: Final[Words] = MappingProxyType(
    {
        "email": _("Enter an address like name@example.org, or leave it empty."),
        "phone": _("Enter 5 to 25 digits, or leave it empty."),
        "language": _("Choose a language."),
    }
)


class ContactForm(Form):
    email = StringField(_("E-mail address"))
    phone = StringField(_("Number of a mobile telephone"))
    language = RadioField(
        _("Language"), choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")], default="zh"
    )


@bp.route("/case/contact", methods=["GET", "POST"])
@needs(Action.CONTACT_GIVE)
def contact() -> Response:
    form = ContactForm()
    if request.method == "POST" and form.validate_on_submit() and _kept(form):
        return redirect(url_for("subject.file"))
    with running().store.read() as session:
        case = session.get_one(Case, case_id())
        is_proofed, reach = proofed(session, case), news.reach_of(session, case, key_of(session, case))
    if request.method == "GET" and reach is not None:
        form.email.data, form.phone.data, form.language.data = reach.email, reach.phone, reach.language
    page = render_template("subject/contact.html", form=form, is_proofed=is_proofed)
    return make_response(page, 422 if form.errors else 200)


def _kept(form: ContactForm) -> bool:
    run = running()
    given = {name: (form[name].data or "").strip() or None for name in ("email", "phone")}
    try:
        with run.store.write() as session:
            case = session.get_one(Case, case_id())
            reach_by(session, case=case, **given, language=form.language.data, now=run.clock(), by=actor().id)
    except Invalid as error:
        field = form[(error.field or "").removeprefix("contact.")]
        field.errors = [*field.errors, _PROBLEMS[field.name]]
        return False
    return True
