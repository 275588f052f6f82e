"""`/language/<code>`: read the pages in this language from now on, and go on where one was."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug import Response

from registry.access import Action, needs
from registry.errors import NotFound
from registry.web.addresses import own_page
from registry.web.language import LANGUAGES, choose
from registry.web.public.blueprint import bp


@bp.get("/language/<code>")
@needs(Action.PUBLIC)
def language(code: str) -> Response:
    if code not in LANGUAGES:
        raise NotFound("there is no such language here")
    choose(code)
    return redirect(own_page(request.args.get("next", "")) or url_for("public.start"))
