"""What a view needs of the request: the running registry, who asks, and the Idempotency-Key."""

from __future__ import annotations

from typing import cast

from flask import current_app, g, request

from registry.access import Actor
from registry.running import Running


def running() -> Running:
    return cast(Running, current_app.extensions["zilu"])


def actor() -> Actor:
    return cast(Actor, g.actor)


def idempotency_key() -> str | None:
    return request.headers.get("Idempotency-Key")
