"""`/reports/drafts/<draft>/check`, `/sign`, `/file`: read it once more, sign it in the browser or hand in a file.

A draft makes one report: its id is the statement's `jti`, so that a second press, a second tab or the way back file
nothing twice. With the report the draft is gone.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response as FlaskResponse
from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug import Response
from wtforms import FileField

from registry.access import Action, needs, proven
from registry.db import Session
from registry.errors import Invalid, ZiluError
from registry.reports import actions, drafts, statement, versions
from registry.reports.drafts import Kept
from registry.reports.models import Report
from registry.signing import canonical
from registry.web.context import actor, running, sent
from registry.web.forms import Form
from registry.web.reporter import drafting
from registry.web.reporter.blueprint import bp
from registry.web.reporter.draft import exhibit_choices
from registry.web.reporter.steps import within
from registry.web.signing import signing

_LIMIT = 2 * canonical.MAX_BYTES


class SignedForm(Form):
    signed = FileField(_("The signed report"))


@bp.get("/reports/drafts/<draft_id>/check")
@needs(Action.DRAFT_KEEP)
def check(draft_id: str) -> Response:
    """Check your answers; until they are complete, there is nothing to check."""
    kept, now = drafting.read(draft_id), running().clock()
    if drafting.problem_of(kept, now=now) is not None:
        return redirect(url_for("reporter.draft", draft_id=draft_id))
    page = render_template(
        "reporter/check.html",
        kept=kept,
        words=drafting.payload_of(kept, now=now),
        contact=kept.document["contact"],
        exhibits=exhibit_choices(kept),
        form=SignedForm(),
    )
    return make_response(page)


@bp.get("/reports/drafts/<draft_id>/sign")
@needs(Action.REPORT_FILE)
def sign(draft_id: str) -> Response:
    """The page that interrupts: what signing does, and what it cannot take back."""
    run = running()
    kept, now = drafting.read(draft_id), run.clock()
    if drafting.problem_of(kept, now=now) is not None:
        return redirect(url_for("reporter.draft", draft_id=draft_id))
    with run.store.read() as session:
        signed = signing(
            session,
            typ=statement.REPORT,
            claims=drafting.payload_of(kept, now=now),
            send_url=url_for("reporter.signed", draft_id=draft_id),
        )
    return make_response(render_template("reporter/sign.html", kept=kept, signing=signed))


@bp.post("/reports/drafts/<draft_id>/signed")
@needs(Action.REPORT_FILE)
def signed(draft_id: str) -> dict[str, str]:
    """From the page's script: the report that this browser has signed."""
    report = _file(draft_id, sent(token=str)["token"])
    return {"next": url_for("reporter.report", report_id=report.id)}


@bp.get("/reports/drafts/<draft_id>/draft.json")
@needs(Action.DRAFT_KEEP)
@proven
def download(draft_id: str) -> FlaskResponse:
    """The draft, for `zilu report sign`."""
    kept = drafting.read(draft_id)
    response = FlaskResponse(json.dumps(dict(kept.document), ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="draft-{kept.draft.id[:8]}.json"'
    return response


@bp.post("/reports/drafts/<draft_id>/file")
@needs(Action.REPORT_FILE)
def file(draft_id: str) -> Response:
    """What `zilu report sign` has written."""
    form = SignedForm()
    try:
        report = _file(draft_id, _token(form))
    except ZiluError as error:
        form.refuse(error, "signed")
        return make_response(render_template("reporter/handed_in.html", form=form, draft_id=draft_id), 422)
    return redirect(url_for("reporter.report", report_id=report.id))


def _token(form: SignedForm) -> str:
    chosen = form.signed.data
    signed = canonical.parse(chosen.read(_LIMIT + 1) if chosen else b"{}", field="signed", limit=_LIMIT)
    token = signed.get("report")
    if not isinstance(token, str):
        raise Invalid("choose the file that zilu report sign has written", field="signed")
    return token


def _file(draft_id: str, token: str) -> Report:
    """The report of this statement; sent again, the one that it has made."""
    run = running()
    sealing_public = run.holder.public().sealing_public
    with run.store.write() as session:
        made = versions.made_by(session, actor=actor(), token=token)
        if made is not None:
            return made
        kept = drafts.read(session, actor=actor(), draft_id=draft_id, now=run.clock())
        report = _made(session, kept, token, sealing_public)
        drafts.delete(session, actor=actor(), draft_id=draft_id, now=run.clock())
        return report


def _made(session: Session, kept: Kept, token: str, sealing_public: bytes) -> Report:
    """A new report, or a new version of the one that the draft was taken from."""
    run, replaced = running(), within(kept.document, "source", "report")
    contact = within(kept.document, "contact")
    said: dict[str, Any] = {
        "actor": actor(),
        "token": token,
        "contact": contact if isinstance(contact, dict) else {},
        "issuer": run.issuer,
        "now": run.clock(),
    }
    if isinstance(replaced, str):
        return versions.replace(session, report_id=replaced, **said)
    return actions.file(session, sealing_public=sealing_public, **said).report
