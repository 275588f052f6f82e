"""`/signing-key`: the browser makes a key for whoever signs; its administrator enrols the public half.

The private half is born in the browser and cannot leave it. What the administrator confirms is that this key is this
person's hand: they compare the fingerprint by another way than the one on which the key came.
"""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.keys import queries
from registry.signing.keys import fingerprint
from registry.web.context import actor, running
from registry.web.reporter.blueprint import bp


@bp.get("/signing-key")
@needs(Action.HOME)
def signing_key() -> str:
    with running().store.read() as session:
        enrolled = [(key, fingerprint(key.kid)) for key in queries.of_account(session, actor().id)]
    return render_template("reporter/signing_key.html", account=actor().id, enrolled=enrolled)
