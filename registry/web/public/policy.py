"""`/policy`: the rules by which everybody here is measured, made from the very data that the registry runs on."""

from __future__ import annotations

from flask import render_template

from registry.access import Action, needs
from registry.web.public.blueprint import bp


@bp.get("/policy")
@needs(Action.PUBLIC)
def policy() -> str:
    return render_template("public/policy.html")
