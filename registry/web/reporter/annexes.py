"""`/reports/drafts/<draft>/annexes`: the whole of an exhibit that is a redacted copy; opened only at inspections."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import FileField, SelectChoice, SelectField

from registry.access import Action, needs
from registry.reports import drafts
from registry.reports.drafts import Kept
from registry.web.context import actor, running
from registry.web.forms import Chosen, Form
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp
from registry.web.reporter.draft import exhibit_choices
from registry.web.reporter.exhibits import take


class AnnexForm(Form):
    copy = SelectField(_("Which exhibit is its redacted copy?"), validate_choice=False)
    file = FileField(_("The whole file, with the customers’ data"))

    def name_copies(self, kept: Kept) -> None:
        """Each exhibit may be the copy of one annex."""
        taken = drafting.annexes_of(kept.document).values()
        free = [each for each in exhibit_choices(kept) if each[0] not in taken]
        self.copy.choices = [SelectChoice("", gettext("Select")), *(SelectChoice(*each) for each in free)]
        self.copy.validators = [Chosen(dict(free), gettext("Select the exhibit that is its redacted copy."))]


@bp.route("/reports/drafts/<draft_id>/annexes", methods=["GET", "POST"])
@needs(Action.DRAFT_KEEP)
def annexes(draft_id: str) -> Response:
    kept, form = drafting.read(draft_id), AnnexForm()
    form.name_copies(kept)
    if form.validate_on_submit() and _added(form, draft_id):
        return redirect(url_for("reporter.annexes", draft_id=draft_id))
    digests = drafting.exhibits_of(kept.document)
    places = sorted(digests.index(copy) + 1 for copy in drafting.annexes_of(kept.document).values() if copy in digests)
    page = render_template("reporter/annexes.html", form=form, kept=kept, places=places, exhibits=len(digests))
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/drafts/<draft_id>/annexes/<int:place>/removal")
@needs(Action.DRAFT_KEEP)
def drop_annex(draft_id: str, place: int) -> Response:
    """The annex of the exhibit at this place."""
    document = drafting.read(draft_id).document
    copy = dict(enumerate(drafting.exhibits_of(document), 1)).get(place)
    left = {annex: of for annex, of in drafting.annexes_of(document).items() if of != copy}
    drafting.write(draft_id, ("annexes",), {"annexes": left} if left else {})
    return redirect(url_for("reporter.annexes", draft_id=draft_id))


def _added(form: AnnexForm, draft_id: str) -> bool:
    run, file = running(), form.file.data
    if not file:
        form.file.errors = [_("Choose the file.")]
        return False
    with run.store.write() as session:
        kept = drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock())
        digest, _name = next(iter(take(session, form.file, [file])), (None, ""))
        if digest in drafting.exhibits_of(kept.document):
            form.file.errors = [_("This is the copy itself. Choose the file that the copy was made of.")]
        elif digest is not None:
            said = {**drafting.annexes_of(kept.document), digest: form.copy.data}
            drafting.rewrite(session, kept, ("annexes",), {"annexes": said})
    return not form.file.errors
