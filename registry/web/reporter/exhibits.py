"""`/reports/drafts/<draft>/exhibits`: hand evidence in, see what became of each file, take one out of the report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug import Response
from werkzeug.datastructures import FileStorage
from wtforms import Field, MultipleFileField

from registry import pictures, policy
from registry.access import Action, needs
from registry.db import Session
from registry.errors import Conflict, Invalid, NotFound
from registry.reports import drafts, exhibits, rules
from registry.reports.drafts import Kept
from registry.reports.models import Exhibit
from registry.reports.prose import folded, verify_no_number
from registry.web.context import actor, running
from registry.web.errors import in_words
from registry.web.forms import Form
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp

AT_ONCE = 5  # files
NAME_LENGTH = 100  # characters
CLAIMS = ("exhibits", "names")
REFUSALS = {
    "exhibit-size": _("it must have 1 byte to 10 MiB"),
    "exhibit-kind": _("it must be a whole PDF, PNG or JPEG, or text or CSV in UTF-8; save it anew as one of these"),
    "exhibit-active": _("something in it acts when it is opened; print it to a PDF, or save the table as values"),
    "number-in-text": _("its name holds an identity number; give the file another name"),
}


class ExhibitsForm(Form):
    files = MultipleFileField(_("Files"))


@dataclass(frozen=True, slots=True)
class Row:
    """One file, and what is known of it."""

    name: str
    kept: Exhibit | None  # None: no upload waits under this digest
    facts: list[int]  # places of the facts that rest on it


@bp.before_request
def _limit() -> None:
    """Before the form is read: what is larger is not taken in."""
    is_upload = request.endpoint in ("reporter.exhibits_of_draft", "reporter.annexes")
    request.max_content_length = (AT_ONCE * policy.EXHIBIT_BYTES if is_upload else 0) + 2**20


@bp.route("/reports/drafts/<draft_id>/exhibits", methods=["GET", "POST"])
@needs(Action.DRAFT_KEEP)
def exhibits_of_draft(draft_id: str) -> Response:
    form = ExhibitsForm()
    if form.validate_on_submit():
        _take(form, draft_id)
        if not form.errors:
            return redirect(url_for("reporter.exhibits_of_draft", draft_id=draft_id))
    kept = drafting.read(draft_id)
    page = render_template("reporter/exhibits.html", form=form, kept=kept, rows=_rows(kept), most=rules.MAX_EXHIBITS)
    return make_response(page, 422 if form.errors else 200)


@bp.post("/reports/drafts/<draft_id>/exhibits/<int:place>/removal")
@needs(Action.DRAFT_KEEP)
def take_out(draft_id: str, place: int) -> Response:
    """Out of the report, and out of the facts that rest on it."""
    kept = drafting.read(draft_id)
    digests = drafting.exhibits_of(kept.document)
    if not 1 <= place <= len(digests):
        raise NotFound("the report has no such exhibit")
    gone = digests.pop(place - 1)
    facts = [
        {**fact, "exhibits": [digest for digest in fact.get("exhibits", []) if digest != gone]}
        for fact in drafting.facts_of(kept.document)
    ]
    annexes = {annex: copy for annex, copy in drafting.annexes_of(kept.document).items() if copy != gone}
    said = {"exhibits": digests, "facts": facts, **({"annexes": annexes} if annexes else {})}
    drafting.write(draft_id, ("exhibits", "facts", "annexes"), said)
    return redirect(url_for("reporter.exhibits_of_draft", draft_id=draft_id))


def _take(form: ExhibitsForm, draft_id: str) -> None:
    """Keep each file by itself; what is wrong with one does not keep the others out."""
    run, files = running(), [file for file in form.files.data or [] if isinstance(file, FileStorage) and file.filename]
    if not files or len(files) > AT_ONCE:
        form.files.errors = [gettext("Choose 1 to %(count)s files.", count=AT_ONCE)]
        return
    with run.store.write() as session:
        kept = drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock())
        taken = dict(take(session, form.files, files))
        digests = [*drafting.exhibits_of(kept.document), *taken]
        named = kept.document.get("names")
        names = {**(named if isinstance(named, dict) else {}), **taken}
        if taken:
            drafting.rewrite(session, kept, CLAIMS, {"exhibits": list(dict.fromkeys(digests)), "names": names})


def take(session: Session, field: Field, files: Iterable[FileStorage]) -> Iterable[tuple[str, str]]:
    """The digest and the name of each file that is kept; the others are named in the field's errors by their place."""
    run = running()
    for place, file in enumerate(files, 1):
        name = _name(file)
        try:
            verify_no_number(name, field="exhibit")
            data = _content(file)
            digest = hashlib.sha256(data).hexdigest()
            exhibits.put_exhibit(session, actor=actor(), sha256=digest, data=data, now=run.clock())
        except (Conflict, Invalid) as error:
            why = REFUSALS.get(error.code) or in_words(error).rstrip(".。")
            refused = gettext("File %(place)s was not taken: %(why)s.", place=place, why=str(why))
            field.errors = [*field.errors, refused]
        else:
            yield digest, name


def _name(file: FileStorage) -> str:
    """What the file is called, without what cannot be seen."""
    visible = "".join(c for c in folded(file.filename or "") if c.isprintable())
    return visible[-NAME_LENGTH:].strip()


def _content(file: FileStorage) -> bytes:
    """What is kept of a file: a picture goes without its metadata. At most one byte too many is read."""
    data = file.read(policy.EXHIBIT_BYTES + 1)
    return pictures.stripped(data) if len(data) <= policy.EXHIBIT_BYTES else data


def _rows(kept: Kept) -> list[Row]:
    digests, facts = drafting.exhibits_of(kept.document), drafting.facts_of(kept.document)
    with running().store.read() as session:
        waiting = exhibits.waiting(session, actor=actor(), digests=digests)
    return [
        Row(
            drafting.name_of(kept.document, digest),
            waiting.get(digest),
            [place for place, fact in enumerate(facts, 1) if digest in fact.get("exhibits", [])],
        )
        for digest in digests
    ]
