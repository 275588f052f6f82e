"""`/reports/drafts/<draft>`: the steps in which a report is written, each kept as soon as it is sent."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response

from registry.access import Action, needs
from registry.errors import Conflict, Invalid, NotFound
from registry.policy import FILING_LIMIT
from registry.reports import drafts, rules
from registry.reports.drafts import Kept
from registry.web.context import actor, running
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp
from registry.web.reporter.steps import STEPS, ProofForm, Step, StepForm, demanded

CHANGED = Conflict(
    "A colleague has changed this step meanwhile. Open it in another tab, compare, and save yours if it is right."
)
NUMBER_IN_TEXT = Invalid("Leave the identity number out of this text.")


@bp.post("/reports/drafts")
@needs(Action.DRAFT_KEEP)
def begin() -> Response:
    run = running()
    with run.store.write() as session:
        kept = drafts.save(session, actor=actor(), document={}, now=run.clock())
        return redirect(url_for("reporter.draft", draft_id=kept.draft.id))


@bp.get("/reports/drafts/<draft_id>")
@needs(Action.DRAFT_KEEP)
def draft(draft_id: str) -> str:
    """What there is to write, and what is written."""
    kept = drafting.read(draft_id)
    return render_template(
        "reporter/draft.html",
        kept=kept,
        steps=[(step.name, step.title, drafting.is_begun(kept.document, step.name)) for step in STEPS.values()],
        exhibits=len(drafting.exhibits_of(kept.document)),
        facts=len(drafting.facts_of(kept.document)),
        file_by=rules.filing_deadline(kept.found_on) if kept.found_on else None,
        problem=drafting.problem_of(kept, now=running().clock()),
    )


@bp.post("/reports/drafts/<draft_id>/removal")
@needs(Action.DRAFT_KEEP)
def remove(draft_id: str) -> Response:
    run = running()
    with run.store.write() as session:
        drafts.delete(session, actor=actor(), draft_id=draft_id, now=run.clock())
    return redirect(url_for("reporter.desk"))


@bp.route("/reports/drafts/<draft_id>/steps/<name>", methods=["GET", "POST"])
@needs(Action.DRAFT_KEEP)
def step(draft_id: str, name: str) -> Response:
    kept, found = drafting.read(draft_id), STEPS.get(name)
    if found is None:
        raise NotFound("a report has no such step")
    form = found.form(data=found.form.load(kept.document))
    if isinstance(form, ProofForm):
        form.name_exhibits(exhibit_choices(kept))
    if form.validate_on_submit() and _kept(form, kept):
        return redirect(url_for("reporter.draft", draft_id=draft_id))
    if not form.is_submitted():
        form.seen.data = drafting.mark(kept.document, form.CLAIMS)
    return make_response(_page(form, found, kept), 422 if form.errors else 200)


def exhibit_choices(kept: Kept) -> list[tuple[str, str]]:
    """Each exhibit by its digest, with its place and what its file was called."""
    digests = drafting.exhibits_of(kept.document)
    names = [drafting.name_of(kept.document, digest) for digest in digests]
    return [
        (digest, str(_("Exhibit %(place)s", place=place)) + (f": {name}" if name else ""))
        for place, (digest, name) in enumerate(zip(digests, names, strict=True), 1)
    ]


def _kept(form: StepForm, kept: Kept) -> bool:
    """Whether the step was written; sent twice, the second changes nothing."""
    said = form.said()
    now_held = drafting.mark(kept.document, form.CLAIMS)
    if form.seen.data != now_held and drafting.mark(said, form.CLAIMS) != now_held:
        form.seen.data = now_held
        form.refuse(CHANGED)
        return False
    try:
        drafting.write(kept.draft.id, form.CLAIMS, said)
    except Invalid as error:
        refuse(form, error)
        return False
    return True


def refuse(form: StepForm, error: Invalid) -> None:
    """Beside the field that the refused claim stands in."""
    field = (error.field or "").replace(".", "_")
    form.refuse(NUMBER_IN_TEXT if error.code == "number-in-text" else error, field)


def _page(form: StepForm, found: Step, kept: Kept) -> str:
    more: dict[str, Any] = {}
    if isinstance(form, ProofForm):
        more = {"parts": form.NAMED_BY, "demanded": demanded(kept.document)}
    return render_template(
        f"reporter/steps/{found.name}.html",
        form=form,
        step=found,
        kept=kept,
        late=drafting.is_late(kept.document, running().clock()),
        limit=FILING_LIMIT,
        **more,
    )
