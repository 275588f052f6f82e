"""What a view needs of the request: the running registry, who asks, and the JSON that a page's script sent."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, g, request

from registry.access import Actor
from registry.errors import Invalid
from registry.running import Running


def running() -> Running:
    return cast(Running, current_app.extensions["zilu"])


def actor() -> Actor:
    return cast(Actor, g.actor)


def case_id() -> str:
    """The case that the person at the screen has matched."""
    return cast(str, g.case_id)


def sent(**fields: type) -> dict[str, Any]:
    """The JSON object of the request, with exactly these fields of these types; Invalid names the one that is not."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid("the request must be a JSON object")
    for name, kind in fields.items():
        if not isinstance(body.get(name), kind):
            raise Invalid("{name} is missing or of another type", field=name, name=name)
    if set(body) - set(fields):
        raise Invalid("only {allowed} may be sent", allowed=tuple(fields))
    return body
