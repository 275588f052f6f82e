"""`/reports/drafts/<draft>/witnesses`: who saw it. The person is shown their roles, never their names."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from registry.access import Action, needs
from registry.errors import Invalid, NotFound
from registry.reports import rules
from registry.reports.drafts import Kept
from registry.web.forms import AtMost, Form, typed
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp


class WitnessForm(Form):
    name = StringField(_("Name"), [InputRequired(_("Enter the name.")), AtMost(80, _("The name"))])
    contact = StringField(
        _("How to reach them"), [InputRequired(_("Enter how to reach them.")), AtMost(200, _("How to reach them"))]
    )
    role = StringField(
        _("What they are to the case"), [InputRequired(_("Enter what they are.")), AtMost(80, _("What they are"))]
    )


@bp.route("/reports/drafts/<draft_id>/witnesses", methods=["GET", "POST"])
@needs(Action.DRAFT_KEEP)
def witnesses(draft_id: str) -> Response:
    kept, form = drafting.read(draft_id), WitnessForm()
    if form.validate_on_submit() and _added(form, kept):
        return redirect(url_for("reporter.witnesses", draft_id=draft_id))
    named, room = _named(kept), len(_named(kept)) < rules.MAX_WITNESSES
    page = render_template("reporter/witnesses.html", form=form, kept=kept, witnesses=named, room=room)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/drafts/<draft_id>/witnesses/<int:place>/removal")
@needs(Action.DRAFT_KEEP)
def drop_witness(draft_id: str, place: int) -> Response:
    named = _named(drafting.read(draft_id))
    if not 1 <= place <= len(named):
        raise NotFound("the report has no such witness")
    left = [*named[: place - 1], *named[place:]]
    drafting.write(draft_id, ("witnesses",), {"witnesses": left} if left else {})
    return redirect(url_for("reporter.witnesses", draft_id=draft_id))


def _named(kept: Kept) -> list[dict[str, Any]]:
    named = kept.document.get("witnesses")
    return [each for each in named if isinstance(each, dict)] if isinstance(named, list) else []


def _added(form: WitnessForm, kept: Kept) -> bool:
    """Whether the witness stands there; sent twice, once."""
    said, named = {part: typed(form[part].data) for part in ("name", "contact", "role")}, _named(kept)
    if said in named:
        return True
    if len(named) >= rules.MAX_WITNESSES:
        form.name.errors = [_("A report names ten witnesses at most. Take one out first.")]
        return False
    try:
        drafting.write(kept.draft.id, ("witnesses",), {"witnesses": [*named, said]})
    except Invalid as error:
        form.refuse(error, (error.field or "").rpartition(".")[2])
        return False
    return True
