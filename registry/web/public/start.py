"""`/`: what Zilu is, and which door is yours."""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.web.public.blueprint import bp


@bp.get("/")
@needs(Action.PUBLIC)
def start() -> str:
    return render_template("public/start.html")
