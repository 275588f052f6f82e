"""`/reports/drafts/<draft>/facts`: what is alleged, fact by fact, each with the exhibits that show it."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import SelectChoice, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from registry.access import Action, needs
from registry.errors import Invalid, NotFound
from registry.reports import rules
from registry.reports.drafts import Kept
from registry.web.forms import AtMost, Chosen, Form, typed
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp
from registry.web.reporter.draft import NUMBER_IN_TEXT, exhibit_choices


class FactForm(Form):
    text = TextAreaField(
        _("What did the person do?"),
        [InputRequired(_("Enter what the person did.")), AtMost(rules.FACT_LENGTH, _("The fact"))],
    )
    exhibits = SelectMultipleField(
        _("Which exhibits show it?"), choices=[], option_widget=CheckboxInput(), validate_choice=False
    )


@bp.get("/reports/drafts/<draft_id>/facts")
@needs(Action.DRAFT_KEEP)
def facts(draft_id: str) -> str:
    kept = drafting.read(draft_id)
    return render_template(
        "reporter/facts.html",
        kept=kept,
        facts=drafting.facts_of(kept.document),
        digests=drafting.exhibits_of(kept.document),
        most=rules.MAX_FACTS,
    )


@bp.route("/reports/drafts/<draft_id>/facts/<int:place>", methods=["GET", "POST"])
@needs(Action.DRAFT_KEEP)
def fact(draft_id: str, place: int) -> Response:
    """The fact at this place, from 1; the place after the last is that of a new one."""
    kept = drafting.read(draft_id)
    facts, choices = drafting.facts_of(kept.document), exhibit_choices(kept)
    if not 1 <= place <= min(len(facts) + 1, rules.MAX_FACTS):
        raise NotFound("the report has no such fact")
    form = FactForm(data=facts[place - 1] if place <= len(facts) else None)
    form.exhibits.choices = [SelectChoice(*each) for each in choices]
    form.exhibits.validators = [Chosen(dict(choices), str(_("Select at least one exhibit that shows it.")))]
    if form.validate_on_submit() and _kept(form, kept, facts, place):
        return redirect(url_for("reporter.facts", draft_id=draft_id))
    page = render_template("reporter/fact.html", form=form, kept=kept, place=place, most=rules.FACT_LENGTH)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/drafts/<draft_id>/facts/<int:place>/removal")
@needs(Action.DRAFT_KEEP)
def drop_fact(draft_id: str, place: int) -> Response:
    facts = drafting.facts_of(drafting.read(draft_id).document)
    if not 1 <= place <= len(facts):
        raise NotFound("the report has no such fact")
    drafting.write(draft_id, ("facts",), {"facts": [*facts[: place - 1], *facts[place:]]})
    return redirect(url_for("reporter.facts", draft_id=draft_id))


def _kept(form: FactForm, kept: Kept, facts: list[dict[str, Any]], place: int) -> bool:
    """Whether the fact was written; sent twice, a new one is added once."""
    said = {"text": typed(form.text.data), "exhibits": form.exhibits.data}
    if place > len(facts) and said in facts:
        return True
    try:
        drafting.write(kept.draft.id, ("facts",), {"facts": [*facts[: place - 1], said, *facts[place:]]})
    except Invalid as error:
        form.refuse(NUMBER_IN_TEXT if error.code == "number-in-text" else error, "text")
        return False
    return True
