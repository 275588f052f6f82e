"""`/check/file`: a whole staff file, read and blinded in the browser's workers, asked about batch by batch.

It sends what `/check` sends, to the same addresses. The file, its cells and its name stay in the browser.
"""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.web.checker.blueprint import bp
from registry.web.checker.check import asked_with
from registry.web.context import actor


@bp.get("/check/file")
@needs(Action.CHECK)
def file() -> str:
    return render_template("checker/file.html", account=actor().id, **asked_with())
