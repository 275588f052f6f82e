"""`/regulator/sample`: entries drawn at random for inspection. The seed is logged, so that the draw can be repeated.

rank of an entry = HMAC-SHA256(seed, entry's reference); the lowest are drawn
"""

from __future__ import annotations

import hmac
import secrets

import sqlalchemy as sa
from flask import make_response, render_template
from flask_babel import lazy_gettext as _
from werkzeug import Response

from registry.access import Action, needs
from registry.db import Session
from registry.entries.models import Entry
from registry.entries.queries import status_of
from registry.log.actions import record
from registry.web.context import actor, running
from registry.web.forms import Form, WholeField
from registry.web.regulator.blueprint import bp

MOST = 100


class SampleForm(Form):
    size = WholeField(_("How many?"), _("Enter a number from 1 to 100."), least=1, most=MOST)


@bp.route("/regulator/sample", methods=["GET", "POST"])
@needs(Action.ENTRY_LIST)
def sample() -> Response:
    """Whoever sends the form again draws another sample, which is logged as well."""
    run, form = running(), SampleForm()
    if not form.validate_on_submit():
        page = render_template("regulator/sample.html", form=form, drawn=None)
        return make_response(page, 422 if form.errors else 200)
    seed = secrets.token_bytes(32)
    with run.store.write() as session:
        every = list(session.scalars(sa.select(Entry.id)))
        drawn = draw(every, seed=seed, size=form.size.data)
        facts = {"what": "sample", "seed": seed.hex(), "of": len(every), "entries": drawn}
        record(session, "regulator.sample", actor=actor().id, now=run.clock(), facts=facts)
        rows = [(entry, status_of(entry, run.clock())) for entry in _entries(session, drawn)]
        page = render_template("regulator/sample.html", form=form, drawn=rows, seed=seed.hex(), every=len(every))
    return make_response(page)


def draw(entries: list[str], *, seed: bytes, size: int) -> list[str]:
    """The first `size` of the references, by rank."""
    return sorted(entries, key=lambda reference: hmac.digest(seed, reference.encode(), "sha256"))[:size]


def _entries(session: Session, drawn: list[str]) -> list[Entry]:
    return [session.get_one(Entry, reference) for reference in drawn]
